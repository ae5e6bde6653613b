import assert from 'node:assert/strict';
import test from 'node:test';

import { continues, controls, paragraphs, plainText } from '../page/render.mjs';
import { initial, next } from '../page/state.mjs';

const line = (voice, segment, text) => ({ voice, segment, text });
const lines = [line(1, 0, 'The train'), line(1, 0, 'leaves.'), line(1, 1, 'Now.'), line(2, 1, 'Again.')];

test('commits of one stretch of speech are one paragraph', () => {
  assert.deepEqual(paragraphs(lines).map(({ texts }) => texts), [['The train', 'leaves.'], ['Now.'], ['Again.']]);
  assert.equal(plainText(lines), 'The train leaves.\nNow.\nAgain.');
});

test('a tail goes on in the paragraph of its own stretch only', () => {
  const tail = { segment: 1, text: '…' };
  assert.equal(continues({ lines, tail }, 2), true);
  assert.equal(continues({ lines, tail: { ...tail, segment: 2 } }, 2), false);
  assert.equal(continues({ lines, tail }, 3), false); // another voice
  assert.equal(continues({ lines, tail: null }, 2), false);
  assert.equal(continues({ lines: [], tail }, 2), false);
});

test('the one button says what it does', () => {
  const ready = next(initial, { type: 'ready', model: 'toy', sources: ['es'], targets: ['en'] });
  const begun = next(ready, { type: 'begin' });
  const heard = next(begun, { type: 'started' });
  const labels = [initial, ready, begun, heard, next(heard, { type: 'stop' }), next(heard, { type: 'ended' })].map((s) => controls(s).listen);
  assert.deepEqual(labels, ['Listen', 'Listen', 'Cancel', 'Stop', 'Stop now', 'Listen']);
  assert.equal(controls(initial).listenAllowed, false);
  assert.equal(controls(heard).listenAllowed, true);
  assert.equal(controls(heard).othersAllowed, false);
  assert.equal(controls(heard).choicesAllowed, false);
  assert.equal(controls(ready).choicesAllowed, true);
});
