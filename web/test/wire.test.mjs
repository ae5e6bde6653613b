import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import test from 'node:test';

import { address, parse, sentence, set, start, stop } from '../page/wire.mjs';

const goldens = new URL('../../transport/wire/testdata/', import.meta.url);
const golden = (name) => readFileSync(new URL(name, goldens), 'utf8').trim();

test('our messages are the golden ones', () => {
  const { type, ...fields } = JSON.parse(golden('start.json'));
  const { room, name, live, numbered, ...voice } = fields; // of which this page knows nothing
  assert.deepEqual(JSON.parse(start(fields)), { type, ...voice });
  assert.equal(set({ targets: [] }), golden('set-empty.json'));
  assert.equal(stop(), golden('stop.json'));
});

test('what is not named is not sent', () => {
  assert.equal(start({ source: 'es', targets: ['en'], rate: 44100 }), '{"type":"start","source":"es","targets":["en"],"rate":44100}');
});

test("every other golden message is a server's and is read", () => {
  const ours = ['flush.json', 'marker-ask.json', 'set-empty.json', 'set.json', 'start.json', 'stop.json'];
  const theirs = readdirSync(goldens).filter((name) => name.endsWith('.json') && !ours.includes(name));
  assert.deepEqual(theirs.sort(), ['commit.json', 'draft.json', 'end.json', 'ended.json', 'error.json', 'gap.json', 'heard.json', 'hello.json', 'lag.json', 'marker.json', 'refused.json', 'started.json', 'warning.json']);
  for (const name of theirs) assert.deepEqual(parse(golden(name)), JSON.parse(golden(name)), name);
});

test('what is no message is refused', () => {
  const commit = (words) => `{"type":"commit","segment":1,"language":"en","text":"a","words":${words},"heard_ms":1}`;
  assert.doesNotThrow(() => parse(commit('[]')));
  const broken = ['{}', '5', '[null]', '["a"]', '[{"text":"a","start_ms":0,"end_ms":1}]', '[{"text":1,"start_ms":0,"end_ms":1,"evidence":0}]'];
  const others = ['', 'null', '[]', '5', '{}', '{"type":"toString"}', '{"type":"start"}', '{"type":"draft","segment":1,"language":"en","text":2}', '{"type":"end","segment":1,"language":"en"}'];
  for (const text of [...broken.map(commit), ...others]) assert.throws(() => parse(text), undefined, text);
});

test('the door is on the server of the page', () => {
  assert.equal(address(new URL('http://127.0.0.1:7788/')), 'ws://127.0.0.1:7788/v1/stream');
  assert.equal(address(new URL('https://example.org/page')), 'wss://example.org/v1/stream');
});

test('clauses become sentences', () => {
  assert.equal(sentence('the server is stopping'), 'The server is stopping.');
  assert.equal(sentence('Really?'), 'Really?');
  assert.equal(sentence(''), '');
});
