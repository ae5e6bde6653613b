// Speaks raw s16le at 16 kHz to a daemon with the package ws, in every way the package has, and prints what it saw.
const fs = require('node:fs');
const { once } = require('node:events');
const WebSocket = require('ws');
const { version } = require('ws/package.json');

const [url, file] = process.argv.slice(2);
const sound = fs.readFileSync(file);
const start = { type: 'start', source: 'es', targets: ['en'] };

async function connect(protocols) {
  const socket = new WebSocket(url, protocols);
  const seen = [];
  const closed = new Promise((done) => socket.on('close', (code, reason) => done([code, String(reason)])));
  socket.on('message', (data) => seen.push(JSON.parse(data)));
  await once(socket, 'open');
  return { socket, seen, closed };
}

function numberOf(n, at) {
  const head = Buffer.alloc(12);
  head.writeUInt32LE(n);
  head.writeBigUInt64LE(BigInt(at), 4);
  return head;
}

async function voice(more = {}) {
  const { socket, seen, closed } = await connect(['sotto.token.c2VjcmV0', 'sotto.v1']);
  socket.send(JSON.stringify({ ...start, ...more }));
  socket.ping('there?');
  const [pong] = await once(socket, 'pong');
  const marker = JSON.stringify({ type: 'marker', id: 'κ' });
  socket.send(marker.slice(0, 9), { fin: false }); // in fragments
  socket.send(marker.slice(9), { fin: true });
  for (let n = 0, at = 0; at < sound.length; n++, at += 1280) {
    const piece = sound.subarray(at, at + 1280);
    socket.send(more.numbered ? Buffer.concat([numberOf(n, at / 2), piece]) : piece);
  }
  socket.send(JSON.stringify({ type: 'stop' }));
  return { seen, pong: String(pong), close: (await closed)[0], subprotocol: socket.protocol };
}

async function refused(first) {
  const { socket, seen, closed } = await connect();
  socket.send(first);
  return [...(await closed), seen.at(-1).code];
}

async function leaves() {
  const { socket, closed } = await connect();
  socket.send(JSON.stringify(start));
  socket.close(1001, 'good bye');
  return (await closed)[0];
}

const text = (seen) => seen.map(({ type, text }) => ({ commit: text, end: '\n' })[type] ?? '').join('');

(async () => {
  const plain = await voice();
  const numbered = await voice({ numbered: true });
  const [close, reason, code] = await refused('{"type":"start","source":"es","targets":["en"],"rate":7999}');
  const [earlyClose, earlyReason, earlyCode] = await refused(Buffer.alloc(1280));
  console.log(JSON.stringify({
    version, subprotocol: plain.subprotocol, close: plain.close, text: text(plain.seen), numbered: text(numbered.seen),
    markers: plain.seen.filter(({ type }) => type === 'marker').map(({ id }) => id),
    counted: plain.pong === 'there?' && plain.seen.every(({ seq, epoch }, i) => seq === i + 1 && epoch === plain.seen[0].epoch),
    refused: [code, close, reason], early: [earlyCode, earlyClose, earlyReason], left: await leaves(),
  }));
})();
