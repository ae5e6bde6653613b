import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { common, name } from '../page/languages.mjs';
import { able, captionsOf, initial, next, running, shown } from '../page/state.mjs';

const ready = { type: 'hello', model: 'toy', sources: ['es'], targets: ['es', 'en', 'fr', 'de'] };
const word = (text) => ({ text, start_ms: 0, end_ms: 40, evidence: 0.5 });
const commit = (text, segment = 0, language = 'en') => ({ type: 'commit', segment, language, text, words: [word(text)], heard_ms: 1 });
const draft = (text, segment = 0, language = 'en') => ({ type: 'draft', segment, language, text, heard_ms: 1 });
const end = (segment = 0, language = 'en') => ({ type: 'end', segment, language, heard_ms: 1 });
const after = (...events) => events.reduce(next, initial);
const texts = (state, code = 'en') => captionsOf(state, code).paragraphs.map(({ words }) => words.map(({ text }) => text).join(''));

test('a voice goes from one phase to the next', () => {
  const phases = [];
  const events = [ready, { type: 'begin' }, ready, { type: 'started' }, commit('a'), { type: 'stop' }, commit('b', 1), { type: 'ended' }];
  events.reduce((state, event) => (phases.push(next(state, event).phase), next(state, event)), initial);
  assert.deepEqual(phases, ['idle', 'connecting', 'connecting', 'listening', 'listening', 'finishing', 'finishing', 'ended']);
});

test('translations are chosen at first, then what the person chose', () => {
  const state = after(ready);
  assert.deepEqual([state.source, state.chosen], ['es', ['en', 'fr', 'de']]);
  const fewer = next(next(state, { type: 'target', target: 'en', on: false }), { type: 'target', target: 'es', on: true });
  assert.deepEqual(fewer.chosen, ['es', 'fr', 'de']);
  assert.deepEqual(next(fewer, ready).chosen, ['es', 'fr', 'de']);
});

test('languages a new server does not know are dropped', () => {
  const state = next(after(ready), { ...ready, sources: ['it'], targets: ['pt', 'de'] });
  assert.deepEqual([state.source, state.chosen], ['it', ['de']]);
  assert.equal(next(state, { type: 'source', source: 'es' }).source, 'it');
});

test('a model that does not say what it knows is offered common languages', () => {
  const state = after({ type: 'hello', model: 'large' });
  assert.deepEqual([state.sources, state.targets, state.source], [common, common, 'es']);
  const known = readFileSync(new URL('../../decoder/prompt/languages.go', import.meta.url), 'utf8');
  for (const code of common) assert.ok(known.includes(`"${code}": "${name(code)}"`), code);
});

test('a voice needs a language, and nothing begins beside it', () => {
  assert.equal(able(initial), false);
  const state = after(ready);
  assert.ok(able(state) && !running(state));
  const none = state.chosen.reduce((s, target) => next(s, { type: 'target', target, on: false }), state);
  assert.equal(able(none), false);
  const begun = next(state, { type: 'begin' });
  assert.ok(running(begun) && !able(begun));
});

test('a draft replaces the tail, a commit takes it away and stays', () => {
  let state = after(ready, { type: 'begin' }, { type: 'started' }, draft('The'), draft('The train'));
  assert.deepEqual(captionsOf(state, 'en'), { paragraphs: [], tail: { segment: 0, text: 'The train' } });
  state = [draft('Le train', 0, 'fr'), commit('The'), draft(' train'), commit(' train'), commit(' leaves.'), end(), commit('Now.', 1)].reduce(next, state);
  assert.deepEqual(texts(state), ['The train leaves.', 'Now.']);
  assert.equal(captionsOf(state, 'en').tail, null);
  assert.equal(captionsOf(state, 'fr').tail.text, 'Le train');
  assert.equal(captionsOf(next(state, draft('', 1, 'fr')), 'fr').tail, null);
  assert.equal(captionsOf(next(state, end(0, 'fr')), 'fr').tail, null);
});

test('what has ended is not written to', () => {
  const state = after(ready, { type: 'begin' }, { type: 'started' }, commit('a'), end(), commit('b'));
  assert.deepEqual(texts(state), ['a', 'b']);
  const again = [{ type: 'ended' }, { type: 'begin' }, { type: 'started' }, commit('c'), end(1)].reduce(next, state);
  assert.deepEqual(texts(again), ['a', 'b', 'c']);
  assert.deepEqual(captionsOf(again, 'en').paragraphs.map(({ open }) => open), [false, true, true]);
});

test('languages change in mid-voice, but one is left', () => {
  const heard = after(ready, { type: 'begin' }, { type: 'started' });
  const off = (state, target) => next(state, { type: 'target', target, on: false });
  const one = off(off(heard, 'en'), 'fr');
  assert.deepEqual([one.chosen, off(one, 'de')], [['de'], one]);
  const begun = after(ready, { type: 'begin' });
  assert.equal(off(begun, 'en'), begun);
  const refused = next(one, { type: 'refused', code: 'language', message: 'No.' });
  assert.deepEqual([refused.phase, refused.fault], ['listening', { message: 'No.', hint: '' }]);
});

test('the latency is chosen and stays', () => {
  assert.equal(initial.latency, 'balanced');
  assert.equal(after({ type: 'latency', latency: 'fast' }, ready, { type: 'begin' }).latency, 'fast');
});

test('events never write the state they are given', () => {
  const freeze = (value) => {
    if (value && typeof value === 'object') Object.values(Object.freeze(value)).forEach(freeze);
    return value;
  };
  const events = [ready, { type: 'begin' }, { type: 'started' }, draft('a'), commit('a'), commit('b'), end(), draft('b', 1), { type: 'fault', message: 'x' }, { type: 'clear' }];
  events.reduce((state, event) => next(freeze(state), freeze(event)), initial);
});

test('what was not committed goes with the connection, what was stays', () => {
  const state = after(ready, { type: 'begin' }, { type: 'started' }, commit('a'), draft('b', 1), { type: 'fault', message: 'Lost.', hint: 'Look.' });
  assert.deepEqual(captionsOf(state, 'en'), { paragraphs: [{ voice: 1, segment: 0, open: true, words: [word('a')] }], tail: null });
  assert.deepEqual([state.phase, state.fault], ['fault', { message: 'Lost.', hint: 'Look.' }]);
  const again = next(state, { type: 'begin' });
  assert.deepEqual([again.phase, again.fault, again.voice, texts(again)], ['connecting', null, 2, ['a']]);
});

test('a server that comes back is met', () => {
  const away = after({ type: 'unreachable', message: 'Gone.', hint: '' });
  assert.deepEqual([away.phase, away.fault.message], ['reaching', 'Gone.']);
  const back = next(away, ready);
  assert.deepEqual([back.phase, back.fault], ['idle', null]);
});

test('a language with text keeps its place when it is no longer chosen, until cleared', () => {
  const state = after(ready, { type: 'begin' }, { type: 'started' }, commit('a'), { type: 'target', target: 'en', on: false });
  assert.deepEqual(shown(state), ['en', 'fr', 'de']);
  assert.deepEqual(shown(next(state, { type: 'clear' })), ['fr', 'de']);
  assert.deepEqual(shown(next(next(state, { type: 'ended' }), { ...ready, targets: ['de'] })), ['de', 'en']);
});
