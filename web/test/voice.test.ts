import assert from 'node:assert/strict';
import test, { mock } from 'node:test';

import { connect } from '../src/speak/socket';
import type { Goodbye, Line, Listener } from '../src/speak/line';
import { type Sound, Voice } from '../src/speak/voice';
import { patienceMs } from '../src/patience';

/** A browser's WebSocket, as far as connect uses it. */
class Wire {
  static OPEN = 1;
  static last: Wire;
  readyState = 1;
  bufferedAmount = 0;
  sent: unknown[] = [];
  closes = 0;
  onmessage!: (event: { data: string }) => void;
  onclose!: (event: { code: number }) => void;
  constructor(readonly address: string) {
    Wire.last = this;
  }
  send(data: unknown) {
    this.sent.push(data);
  }
  close() {
    this.closes++;
    this.readyState = 3;
  }
  says(message: unknown) {
    this.onmessage({ data: typeof message === 'string' ? message : JSON.stringify(message) });
  }
}

function open() {
  const heard: string[] = [];
  const ends: Goodbye[] = [];
  const line = connect('ws://here', { heard: (m) => heard.push(m.type), closed: (goodbye) => ends.push(goodbye) }, Wire as any);
  return { line, wire: Wire.last, heard, ends };
}

test('messages are handed on, and ended is a good end', () => {
  const { wire, heard, ends } = open();
  wire.says({ type: 'started' });
  wire.says({ type: 'news' });
  wire.says({ type: 'ended' });
  wire.onclose({ code: 1000 });
  assert.deepEqual([heard, ends.map((e) => e.fault)], [['started', 'ended'], [null]]);
});

test("the server's error is the reason its close gives, with the time to wait", () => {
  const { wire, heard, ends } = open();
  wire.says({ type: 'error', code: 'full', message: 'every seat is taken', hint: 'try again later', retry_ms: 3000 });
  assert.deepEqual(ends, []);
  wire.onclose({ code: 1013 });
  assert.deepEqual([heard, ends], [[], [{ fault: { message: 'Every seat is taken.', hint: 'Try again later.' }, again: true, retryMs: 3000 }]]);
});

test('what cannot be mended by coming again does not come again', () => {
  const { wire, ends } = open();
  wire.says({ type: 'error', code: 'language', message: 'no' });
  wire.onclose({ code: 4451 });
  assert.equal(ends[0]!.again, false);
  const strange = open();
  strange.wire.says('{"type":"commit"}');
  strange.wire.says({ type: 'started' });
  assert.deepEqual([strange.heard, strange.wire.closes, strange.ends[0]!.again], [[], 1, false]);
});

test('nothing is told after close, nothing is sent after the end, and sound has a bound', () => {
  const { line, wire, heard, ends } = open();
  line.send('a');
  wire.bufferedAmount = 1e9;
  line.send(new ArrayBuffer(2));
  line.send('b');
  line.close();
  line.send('c');
  wire.says({ type: 'started' });
  wire.onclose({ code: 1006 });
  assert.deepEqual([wire.sent, heard, ends], [['a', 'b'], [], []]);
});

test('patience grows, has a bound, is spread, and waits as long as it is asked to', () => {
  const least = () => 0;
  assert.deepEqual([0, 1, 2, 3, 4, 50].map((n) => patienceMs(n, 0, least)), [1000, 2000, 4000, 8000, 15000, 15000]);
  assert.equal(patienceMs(0, 30_000, least), 30_000);
  assert.equal(patienceMs(0, 0, () => 1), 1250);
});

/** A voice over lines that the test holds. */
function speak({ live = false, webrtc = undefined as undefined | ((listener: Listener) => Promise<Line>) } = {}) {
  const calls: { listener: Listener; sent: unknown[]; closes: number }[] = [];
  const told: string[] = [];
  let hear: (samples: Float32Array) => void = () => {};
  const sound: Sound = {
    rate: 48_000, stream: live ? ({} as MediaStream) : undefined,
    begin: (h) => (told.push('sound'), (hear = h)), pause: () => {}, finish: () => voice.last(), close: () => told.push('silence'),
  };
  const socket = (listener: Listener): Line => {
    const call = { listener, sent: [] as unknown[], closes: 0 };
    calls.push(call);
    return { send: (data) => void call.sent.push(data), close: () => void call.closes++ };
  };
  const wish = { source: 'es', targets: ['en'], latency: 'fast', room: 'hall' };
  const voice = new Voice(sound, () => wish, { socket, webrtc: webrtc && ((_, __, listener) => webrtc(listener)) }, {
    message: (m) => told.push(m.type), via: (door) => told.push(door), away: (f) => told.push(`away: ${f.message}`), over: (f) => told.push(f ? `over: ${f.message}` : 'over'),
  });
  return { voice, calls, told, say: (n = 1) => hear(new Float32Array(n)) };
}
const hello = { type: 'hello', model: 'toy' } as const;

test('a voice starts when the server has said what it is, and its sound when it has started', async () => {
  const { voice, calls, told, say } = speak();
  await voice.call();
  calls[0]!.listener.heard(hello);
  assert.deepEqual(JSON.parse(calls[0]!.sent[0] as string), { type: 'start', source: 'es', targets: ['en'], latency: 'fast', room: 'hall', rate: 48_000, live: false });
  calls[0]!.listener.heard({ type: 'started' });
  say(2);
  assert.equal((calls[0]!.sent[1] as ArrayBuffer).byteLength, 4);
  voice.finish();
  assert.equal(calls[0]!.sent[2], '{"type":"stop"}');
  calls[0]!.listener.closed({ fault: null, again: false, retryMs: 0 });
  assert.deepEqual(told, ['WebSocket', 'hello', 'started', 'sound', 'silence', 'over']);
});

test('a voice whose line breaks goes on over another, with the sound that came meanwhile', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const { voice, calls, told, say } = speak();
    await voice.call();
    calls[0]!.listener.heard(hello);
    calls[0]!.listener.heard({ type: 'started' });
    calls[0]!.listener.closed({ fault: { message: 'gone' }, again: true, retryMs: 0 });
    for (let i = 0; i < 300; i++) say(i);
    mock.timers.tick(1250);
    assert.equal(calls.length, 2);
    calls[1]!.listener.heard(hello);
    calls[1]!.listener.heard({ type: 'started' });
    const sizes = calls[1]!.sent.slice(1).map((block) => (block as ArrayBuffer).byteLength / 2);
    assert.deepEqual(sizes, Array.from({ length: 200 }, (_, i) => i + 100)); // 8 s, the newest
    assert.deepEqual(told.filter((t) => t === 'sound' || t.startsWith('away')), ['sound', 'away: gone']);
    voice.close(null);
  } finally {
    mock.timers.reset();
  }
});

test('a voice that was never heard does not come again by itself', async () => {
  const { voice, calls, told } = speak();
  await voice.call();
  calls[0]!.listener.closed({ fault: { message: 'full' }, again: true, retryMs: 0 });
  assert.equal(told.at(-1), 'over: full');
});

test('where WebRTC does not lead to the server a socket does', async () => {
  const { voice, calls, told } = speak({ live: true, webrtc: () => Promise.reject(new Error('404')) });
  await voice.call();
  assert.deepEqual([calls.length, told], [1, ['WebSocket']]);
});

test('over WebRTC the sound goes as a track, and messages by the line', async () => {
  const sent: unknown[] = [];
  let listener: Listener;
  const { voice, calls, told, say } = speak({ live: true, webrtc: async (l) => ((listener = l), { send: (data) => void sent.push(data), close() {} }) });
  await voice.call();
  say();
  voice.choose(['fr']);
  voice.finish();
  listener!.closed({ fault: null, again: false, retryMs: 0 });
  assert.deepEqual(sent, ['{"type":"set","targets":["fr"]}', '{"type":"stop"}']);
  assert.deepEqual([calls.length, told], [0, ['WebRTC', 'sound', 'silence', 'over']]);
});
