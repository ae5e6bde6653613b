import assert from 'node:assert/strict';
import test from 'node:test';

import { foundText, linkText } from '../src/read/render';
import { initial, next, shown, type State } from '../src/read/state';
import { find } from '../src/search';
import type { Message } from '../src/wire';

let seq = 0;
const commit = (text: string, language = 'en', segment = 0): Message => ({
  type: 'commit', epoch: 1, seq: ++seq, voice: 1, segment, language, text, heard_ms: 2000,
  words: (text.match(/\s*\S+/g) ?? []).map((t) => ({ text: t, start_ms: 100, end_ms: 500, evidence: 0.4 })),
});
const after = (...events: Parameters<typeof next>[1][]): State => events.reduce<State>(next, initial);

test('languages come as they are spoken, and one at least is shown', () => {
  const state = after(commit('Hola', 'es'), commit('Hello'), commit('Salut', 'fr'));
  assert.deepEqual(shown(state), ['es', 'en', 'fr']);
  const hidden = ['es', 'en', 'fr'].reduce((s, language) => next(s, { type: 'hide', language, hidden: true }), state);
  assert.deepEqual(shown(hidden), ['es']);
  assert.deepEqual(shown(next(hidden, { type: 'hide', language: 'fr', hidden: false })), ['fr']);
});

test('search passes over case and accents, and words in two pieces', () => {
  const state = after(commit('El avión a París sale mañana'), commit('A PARIS again', 'en', 1), { type: 'search', query: ' a  parís' });
  assert.deepEqual(state.hits.map(({ from, to }) => [from, to]), [[2, 3], [0, 1]]);
  assert.equal(foundText(state), '1 of 2');
  assert.equal(foundText(next(state, { type: 'step', by: -1 })), '2 of 2');
  assert.equal(foundText(next(state, { type: 'search', query: 'London' })), 'Not found');
  assert.equal(foundText(next({ ...state, more: true }, { type: 'search', query: 'London' })), 'Not found yet');
  assert.deepEqual(find(state.captions, ['en'], '  '), []);
});

test('the place that is looked at stays when text comes before and behind it', () => {
  const state = after(commit('one train'), commit('two trains', 'en', 1), { type: 'search', query: 'train' }, { type: 'step', by: 1 });
  const older = commit('the first train', 'en', 9);
  const more = next(next(state, commit(' and trains')), { type: 'history', events: [older], more: false });
  assert.deepEqual([state.hits[state.hit]!.key, more.hits.length, more.hit], [more.hits[more.hit]!.key, 4, 2]);
});

test('a connection that is lost is said with its time, and nothing is tentative then', () => {
  const draft = { type: 'draft', voice: 1, segment: 0, language: 'en', text: ' tra', heard_ms: 1 } as Message;
  const live = after({ type: 'link', link: 'live', why: '', nowMs: 0 }, commit('The'), draft);
  assert.equal(linkText(live, 0), '1.5 s behind the voice');
  let away = next(live, { type: 'link', link: 'away', why: 'lost', nowMs: 10_000 });
  away = next(away, { type: 'link', link: 'away', why: 'lost', nowMs: 14_000 });
  assert.equal(linkText(away, 22_000), 'Not connected for 12 s; trying again');
  assert.deepEqual(away.captions.en!.tails, []);
  assert.equal(away.captions.en!.paragraphs.length, 1);
});

test('what was forgotten goes', () => {
  assert.deepEqual(after(commit('secret'), { type: 'restart' }).captions, {});
});

test('text has a smallest and a largest size', () => {
  assert.equal(after({ type: 'look', look: { size: -3 } }).look.size, 0);
  assert.equal(after({ type: 'look', look: { size: 99 } }).look.size, 6);
});
