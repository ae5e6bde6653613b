// Prints what a voice says, in another language:
//   ffmpeg -i FILE -ac 1 -ar 16000 -f s16le - | node captions.mjs SOURCE TARGET [URL]
// Needs Node 22, or the package ws. The protocol is in transport/wire/PROTOCOL.md.
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';

const WebSocket = globalThis.WebSocket ?? createRequire(import.meta.url)('ws');
const [source, target, url = 'ws://127.0.0.1:7788/v1/stream'] = process.argv.slice(2);
const socket = new WebSocket(url, 'sotto.v1');
const say = (message) => socket.send(JSON.stringify(message));
const pieceBytes = 1280; // 40 ms

async function speak() {
  say({ type: 'start', source, targets: [target] });
  let rest = Buffer.alloc(0);
  for await (const data of process.stdin) {
    rest = Buffer.concat([rest, data]);
    for (; rest.length >= pieceBytes; rest = rest.subarray(pieceBytes)) socket.send(rest.subarray(0, pieceBytes));
    while (socket.bufferedAmount > 64 * 1024) await sleep(20); // the server is behind
  }
  socket.send(rest.subarray(0, rest.length & ~1)); // whole samples
  say({ type: 'stop' });
}

socket.onopen = speak;
socket.onmessage = ({ data }) => {
  const message = JSON.parse(data);
  if (message.type === 'commit') process.stdout.write(message.text);
  if (message.type === 'end') process.stdout.write('\n');
  if (message.type === 'error') console.error(`${message.message}; ${message.hint ?? ''}`);
};
socket.onclose = ({ code }) => process.exit(code === 1000 ? 0 : 1);
