import assert from 'node:assert/strict';
import test from 'node:test';

import { connect, patienceMs } from '../page/socket.mjs';

/** A browser's WebSocket, as far as connect uses it. */
class Wire {
  static OPEN = 1;
  readyState = 1;
  sent = [];
  closes = 0;
  constructor(address) {
    this.address = address;
    Wire.last = this;
  }
  send(data) {
    this.sent.push(data);
  }
  close() {
    this.closes++;
    this.readyState = 3;
  }
  says(message) {
    this.onmessage({ data: typeof message === 'string' ? message : JSON.stringify(message) });
  }
}

function open() {
  const heard = [];
  const ends = [];
  const socket = connect('ws://here', { heard: (m) => heard.push(m.type), closed: (fault) => ends.push(fault) }, Wire);
  return { socket, wire: Wire.last, heard, ends };
}

test('messages are handed on, and ended is a good end', () => {
  const { wire, heard, ends } = open();
  wire.says({ type: 'started' });
  wire.says({ type: 'ended' });
  wire.onclose();
  assert.deepEqual([heard, ends], [['started', 'ended'], [null]]);
});

test("the server's error is the reason its close gives", () => {
  const { wire, heard, ends } = open();
  wire.says({ type: 'error', code: 'full', message: 'every seat is taken', hint: 'try again later' });
  assert.deepEqual(ends, []);
  wire.onclose();
  assert.deepEqual([heard, ends], [[], [{ message: 'Every seat is taken.', hint: 'Try again later.' }]]);
});

test('a close without a word is a lost connection', () => {
  const { wire, ends } = open();
  wire.onclose();
  assert.match(ends[0].message, /lost/);
});

test('what is no message ends the connection', () => {
  const { wire, heard, ends } = open();
  wire.says('{"type":"commit"}');
  wire.says({ type: 'started' });
  assert.deepEqual([heard, wire.closes, ends.length], [[], 1, 1]);
  assert.match(ends[0].message, /does not understand/);
});

test('nothing is told after close, nothing is sent after the end', () => {
  const { socket, wire, heard, ends } = open();
  socket.send('a');
  socket.close();
  socket.send('b');
  wire.says({ type: 'started' });
  wire.onclose();
  assert.deepEqual([wire.sent, heard, ends], [['a'], [], []]);
});

test('patience grows and has a bound', () => {
  assert.deepEqual([0, 1, 2, 3, 4, 50].map(patienceMs), [1000, 2000, 4000, 8000, 15000, 15000]);
});
