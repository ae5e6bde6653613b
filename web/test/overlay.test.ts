import assert from 'node:assert/strict';
import test from 'node:test';

import { fitting, rolled } from '../src/overlay/lines';
import { options } from '../src/overlay/options';

const measure = (text: string): number => text.length;
const caption = (...paragraphs: string[]) => ({
  tails: [],
  paragraphs: paragraphs.map((text, i) => ({
    key: String(i), voice: 1, segment: i, open: true,
    words: (text.match(/\s*\S+/g) ?? []).map((t) => ({ text: t, start_ms: 0, end_ms: 0, evidence: 0 })),
  })),
});

test('lines fill, roll up, and begin anew with a segment', () => {
  assert.deepEqual(rolled(caption('The train'), 2, 10, measure), ['', 'The train']);
  assert.deepEqual(rolled(caption('The train leaves at noon'), 2, 10, measure), ['leaves at', 'noon']);
  assert.deepEqual(rolled(caption('One.', 'Two.', 'Three.'), 2, 10, measure), ['Two.', 'Three.']);
  assert.deepEqual(rolled(caption('Unbelievably long'), 2, 4, measure), ['Unbelievably', 'long']);
});

test('a word that stands never changes its line, it only rolls up', () => {
  const text = 'The plane to Paris leaves tomorrow at twelve and nobody is here to see it go';
  const words = text.match(/\s*\S+/g)!;
  let before = ['', '', ''];
  for (let n = 1; n <= words.length; n++) {
    const now = rolled(caption(words.slice(0, n).join('')), 3, 16, measure);
    const grew = now[2]!.startsWith(before[2]!) && now[0] === before[0] && now[1] === before[1];
    const rolledUp = now[0] === before[1] && now[1] === before[2];
    assert.ok(grew || rolledUp, `${before} → ${now}`);
    before = now;
  }
});

test('of a tail as much is shown as fits behind the last line', () => {
  assert.equal(fitting('The', ' train leaves', 10, measure), ' train');
  assert.equal(fitting('The train', ' leaves', 10, measure), '');
});

test('an address says how the overlay looks, and what is wrong in it does not count', () => {
  const of = (search: string) => options({ search, hash: '' });
  assert.deepEqual(of('?room=hall&lang=en,fr&lines=3&size=30&font=Noto%20Sans&align=center&mode=live'), {
    room: 'hall', languages: ['en', 'fr'], lines: 3, size: 30, font: 'Noto Sans', align: 'center', live: true,
  });
  const { room, ...usual } = of('?room=A B&lang=<b>&lines=x&size=9999&font=url(x)&align=up');
  assert.deepEqual([room, usual], ['', { languages: [], lines: 2, size: 200, font: 'system-ui, sans-serif', align: 'left', live: false }]);
});
