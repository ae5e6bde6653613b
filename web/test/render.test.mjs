import assert from 'node:assert/strict';
import test from 'node:test';

import { about, continues, controls, plainText } from '../page/render.mjs';
import { initial, next } from '../page/state.mjs';

const words = (...texts) => texts.map((text) => ({ text, start_ms: 0, end_ms: 40, evidence: 0 }));

test('a paragraph is a line of plain text', () => {
  const paragraphs = [{ words: words('The', ' train') }, { words: words(' now.') }, { words: words('再', '见') }];
  assert.equal(plainText(paragraphs), 'The train\nnow.\n再见');
  assert.equal(plainText([]), '');
});

test('a tail goes on in the open paragraph of its own segment only', () => {
  const open = { voice: 2, segment: 1, open: true, words: words('The') };
  const tail = { segment: 1, text: ' train' };
  assert.equal(continues({ paragraphs: [open], tail }, 2), true);
  assert.equal(continues({ paragraphs: [open], tail: { ...tail, segment: 2 } }, 2), false);
  assert.equal(continues({ paragraphs: [open], tail }, 3), false); // another voice
  assert.equal(continues({ paragraphs: [{ ...open, open: false }], tail }, 2), false);
  assert.equal(continues({ paragraphs: [open], tail: null }, 2), false);
  assert.equal(continues({ paragraphs: [], tail }, 2), false);
});

test('a word says which sound it leans on', () => {
  const word = { start_ms: 2400, end_ms: 2920, evidence: 0.874 };
  assert.equal(about(word), '2.4 to 2.9 s, evidence 87 %');
  assert.equal(about({ ...word, evidence: 0 }), '2.4 to 2.9 s');
  assert.equal(about({ ...word, end_ms: 2440 }), 'at 2.4 s, evidence 87 %');
});

test('the one button says what it does', () => {
  const ready = next(initial, { type: 'hello', model: 'toy', sources: ['es'], targets: ['en'] });
  const begun = next(ready, { type: 'begin' });
  const heard = next(begun, { type: 'started' });
  const stopped = next(heard, { type: 'stop' });
  const labels = [initial, ready, begun, heard, stopped, next(heard, { type: 'ended' })].map((s) => controls(s).listen);
  assert.deepEqual(labels, ['Listen', 'Listen', 'Cancel', 'Stop', 'Stop now', 'Listen']);
  assert.equal(controls(initial).listenAllowed, false);
  assert.equal(controls(heard).listenAllowed, true);
  assert.equal(controls(heard).othersAllowed, false);
  assert.deepEqual([ready, begun, heard, stopped].map((s) => controls(s).choicesAllowed), [true, false, false, false]);
  assert.deepEqual([ready, begun, heard, stopped].map((s) => controls(s).targetsAllowed), [true, false, true, false]);
});
