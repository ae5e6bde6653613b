import assert from 'node:assert/strict';
import test from 'node:test';

import { about, type Captions, captionOf, changed, clock, continues, joined, near, plainText, textOf } from '../src/captions';
import type { Message, Word } from '../src/wire';

const word = (text: string, start_ms = 1000, end_ms = 1400): Word => ({ text, start_ms, end_ms, evidence: 0.5 });
let seq = 0;
const room = (fields: object): Message => ({ epoch: 7, seq: ++seq, heard_ms: 0, segment: 0, language: 'en', voice: 1, ...fields }) as unknown as Message;
const commit = (text: string, fields: object = {}): Message => room({ type: 'commit', text, words: (text.match(/\s*\S+/g) ?? []).map((t) => word(t)), ...fields });
const draft = (text: string, fields: object = {}): Message => ({ ...room({ type: 'draft', text, ...fields }), seq: undefined }) as Message;
const all = (...messages: Message[]): Captions => messages.reduce<Captions>((c, m) => changed(c, m), {});
const lines = (captions: Captions, code = 'en'): string[] => captionOf(captions, code).paragraphs.map(textOf);

test('words of a segment stand in one paragraph, and a new segment begins another', () => {
  const captions = all(commit('The train'), commit(' leaves.'), room({ type: 'end' }), commit('Now.', { segment: 1 }));
  assert.deepEqual(lines(captions), ['The train leaves.', 'Now.']);
  assert.equal(plainText(captionOf(captions, 'en')), 'The train leaves.\nNow.');
});

test('an ended segment that begins again begins a paragraph', () => {
  assert.deepEqual(lines(all(commit('One'), room({ type: 'end' }), commit('Two'))), ['One', 'Two']);
});

test('when another voice speaks in between nothing above it grows', () => {
  const captions = all(commit('I say'), commit('You say', { voice: 2 }), commit(' more'));
  assert.deepEqual(lines(captions), ['I say', 'You say', 'more']);
});

test('paragraphs have keys of their own', () => {
  const keys = captionOf(all(commit('a'), commit('b', { voice: 2 }), commit('c'), room({ type: 'gap', lost_ms: 100 })), 'en').paragraphs.map((p) => p.key);
  assert.equal(new Set(keys).size, 4);
  const lone = (fields: object) => ({ type: 'commit', language: 'en', text: 'a', words: [word('a')], heard_ms: 0, segment: 0, ...fields }) as Message;
  const end = { type: 'end', language: 'en', segment: 0, heard_ms: 0 } as Message;
  const own = captionOf([lone({}), end, lone({}), lone({ segment: 1 })].reduce<Captions>((c, m) => changed(c, m, 3), {}), 'en').paragraphs;
  assert.equal(new Set(own.map((p) => p.key)).size, 3);
});

test('a draft is replaced whole, and taken away by a commit, an end, an empty one and a voice that leaves', () => {
  const tails = (...more: Message[]) => captionOf(all(commit('The'), draft(' tra'), ...more), 'en').tails.map((t) => t.text);
  assert.deepEqual(tails(), [' tra']);
  assert.deepEqual(tails(draft(' train leaves')), [' train leaves']);
  for (const m of [commit(' train'), room({ type: 'end' }), draft(''), room({ type: 'left' })]) assert.deepEqual(tails(m), []);
  assert.deepEqual(tails(commit('Yes', { voice: 2 }), room({ type: 'left', voice: 2 })), [' tra']);
});

test('each voice has a tail, and one goes on where its own paragraph ends', () => {
  const caption = captionOf(all(commit('I'), draft(' say'), commit('You', { voice: 2 }), draft(' too', { voice: 2 })), 'en');
  assert.deepEqual(caption.tails.map((t) => continues(caption, t)), [false, true]);
});

test('lost sound is noted in every language, and nothing goes on in a note', () => {
  const captions = all(commit('Yes'), commit('Oui', { language: 'fr' }), room({ type: 'gap', lost_ms: 2140 }), commit(' and'));
  assert.deepEqual(lines(captions), ['Yes', '[2.1 s of sound lost]', 'and']);
  assert.deepEqual(lines(captions, 'fr'), ['Oui', '[2.1 s of sound lost]']);
});

test('a screen takes the place of what was shown', () => {
  const screen = {
    type: 'screen', epoch: 7, seq: 9, drafts: [{ voice: 1, segment: 4, language: 'en', text: ' ma' }],
    segments: [{ voice: 1, segment: 4, language: 'en', text: 'Good mor', ended: false }],
  } as Message;
  const captions = changed(all(commit('old')), screen);
  assert.deepEqual(lines(captions), ['Good mor']);
  assert.deepEqual(lines(changed(captions, commit('ning', { segment: 4 }))), ['Good morning']);
  assert.equal(continues(captionOf(captions, 'en'), captionOf(captions, 'en').tails[0]!), true);
});

test('older text comes in front, and only the newest goes on', () => {
  const newer = all(commit('three'));
  const both = joined(all(commit('one'), commit('two', { segment: 1 })), newer);
  assert.deepEqual(lines(changed(both, commit(' four'))), ['one', 'two', 'three four']);
  assert.deepEqual(lines(changed(joined(all(commit('one')), {}), commit(' two'))), ['one two']);
});

test('captions have a bound', () => {
  let captions: Captions = {};
  for (let i = 0; i < 7000; i++) captions = changed(captions, commit('a', { segment: i }));
  assert.ok(captionOf(captions, 'en').paragraphs.length <= 3000);
  assert.equal(captionOf(captions, 'en').paragraphs.at(-1)!.segment, 6999);
});

test('a change leaves what was as it was', () => {
  const before = all(commit('a'), draft(' b'));
  const copy = structuredClone(before);
  for (const m of [commit(' b'), draft(''), room({ type: 'end' }), room({ type: 'left' }), room({ type: 'gap', lost_ms: 1 })]) changed(before, m);
  assert.deepEqual(before, copy);
});

test('a word says which sound it leans on', () => {
  assert.equal(about({ text: '', start_ms: 2400, end_ms: 2920, evidence: 0.874 }), 'from 2.4 s to 2.9 s, evidence 87 %');
  assert.equal(about({ text: '', start_ms: 2400, end_ms: 2440, evidence: 0 }), 'at 2.4 s');
  assert.deepEqual([0, 59_949, 59_950, 61_000, 3_600_000].map(clock), ['0.0 s', '59.9 s', '1:00.0', '1:01.0', '60:00.0']);
});

test('words are near that lean on about the same sound, before or behind', () => {
  const at = word('a', 1000, 1040);
  assert.deepEqual([word('b', 1240, 1280), word('b', 760, 800), word('b', 900, 2000), word('b', 1280, 1300)].map((w) => near(at, w)), [true, true, true, false]);
});
