import assert from 'node:assert/strict';
import test from 'node:test';

import { controls } from '../src/speak/render';
import { able, initial, next, shown, type State } from '../src/speak/state';
import type { Hello } from '../src/wire';

const hello: Hello = { type: 'hello', model: 'toy', sources: ['es'], targets: ['es', 'en', 'fr', 'de'] };
const ready = next({ ...initial, room: 'hall' }, hello);
const begun = next(ready, { type: 'begin' });
const heard = next(begun, { type: 'started', room: { id: 'hall', durable: true } });

test('the page learns what the model can do, and suggests translations', () => {
  assert.equal(ready.phase, 'idle');
  assert.deepEqual([ready.source, ready.chosen], ['es', ['en', 'fr', 'de']]);
  assert.deepEqual(next({ ...initial, room: 'hall' }, { ...hello, max_targets: 2 }).chosen, ['en', 'fr']);
  const any = next(initial, { type: 'hello', model: 'large' });
  assert.ok(any.targets.length > 10 && any.chosen.length === 3);
});

test('choices stay when the server comes again', () => {
  const chosen = next(next(ready, { type: 'target', target: 'fr', on: false }), { type: 'unreachable', fault: { message: 'x' } });
  assert.equal(chosen.phase, 'reaching');
  assert.deepEqual(next(chosen, hello).chosen, ['en', 'de']);
});

test('languages keep their order, and a voice keeps one of them', () => {
  let state: State = next(heard, { type: 'target', target: 'es', on: true });
  assert.deepEqual(state.chosen, ['es', 'en', 'fr', 'de']);
  for (const target of ['es', 'en', 'fr', 'de']) state = next(state, { type: 'target', target, on: false });
  assert.deepEqual(state.chosen, ['de']);
});

test('more languages than the server writes are refused', () => {
  const few = next({ ...initial, room: 'hall' }, { ...hello, max_targets: 2 });
  const more = next(few, { type: 'target', target: 'de', on: true });
  assert.deepEqual(more.chosen, ['en', 'fr']);
  assert.match(more.fault!.message, /2 languages/);
});

test('the one button says what it does', () => {
  const stopped = next(heard, { type: 'stop' });
  const away = next(heard, { type: 'away', fault: { message: 'lost' } });
  const all = [initial, ready, begun, heard, away, stopped, next(heard, { type: 'ended' })].map((s) => controls(s).listen);
  assert.deepEqual(all, ['Start', 'Start', 'Cancel', 'Stop', 'Stop', 'Stop now', 'Start']);
  assert.deepEqual([initial, ready, heard].map((s) => controls(s).listenAllowed), [false, true, true]);
  assert.deepEqual([ready, begun, heard, stopped].map((s) => controls(s).targetsAllowed), [true, false, true, false]);
  assert.deepEqual([ready, begun, heard, stopped].map((s) => controls(s).pauseAllowed), [false, false, true, false]);
});

test('a room needs a name that can be one', () => {
  for (const room of ['', 'Hall', 'a b', 'a/b', 'x'.repeat(65)]) assert.equal(able(next(ready, { type: 'room', room })), false, room);
  assert.equal(able(ready), true);
});

test('a lost connection is said, and what comes again is another voice', () => {
  const word = { text: 'Hi', start_ms: 0, end_ms: 40, evidence: 1 };
  const commit = { type: 'commit', segment: 0, language: 'en', text: 'Hi', words: [word], heard_ms: 40 } as const;
  const away = next(next(heard, commit), { type: 'away', fault: { message: 'lost' } });
  assert.deepEqual([away.phase, away.fault!.message], ['returning', 'lost']);
  const back = next(next(away, { type: 'started' }), commit);
  assert.deepEqual([back.phase, back.fault], ['listening', null]);
  assert.equal(back.captions.en!.paragraphs.length, 2);
  assert.notEqual(back.captions.en!.paragraphs[0]!.key, back.captions.en!.paragraphs[1]!.key);
});

test('how far the text is behind is said only when it is known', () => {
  const word = { text: 'Hi', start_ms: 0, end_ms: 1000, evidence: 1 };
  const commit = { type: 'commit', segment: 0, language: 'en', text: 'Hi', words: [word], heard_ms: 2300 } as const;
  assert.equal(controls(heard).behind, '');
  assert.equal(controls(next(heard, commit)).behind, '1.3 s behind the voice');
  assert.equal(controls(next(next(heard, commit), { type: 'lag', behind_ms: 12_000 })).behind, '13 s behind the voice');
  assert.equal(controls(next(heard, { type: 'lag', behind_ms: 12_000 })).behind, '12 s behind the voice');
});

test('languages with text keep their place when they are left out', () => {
  const said = { ...ready, captions: { es: { paragraphs: [{ key: 'a', voice: 1, segment: 0, open: true, words: [] }], tails: [] } } };
  assert.deepEqual(shown(said), ['es', 'en', 'fr', 'de']);
});
