import assert from 'node:assert/strict';
import test from 'node:test';

import { readAddress, randomRoom, roomOf, roomPath } from '../src/address';
import { common, name } from '../src/languages';
import { split } from '../src/session';

test('an address names a room in either way', () => {
  const of = (search: string, hash = '') => roomOf({ search, hash });
  assert.deepEqual([of('?room=hall'), of('', '#hall'), of('', '#room=hall'), of('', '#token=x&room=hall'), of('', '#token=x'), of('?room=A/../b'), of('')], ['hall', 'hall', 'hall', 'hall', '', '', '']);
  assert.equal(roomPath('hall', 'events', { lang: 'en,fr' }), 'rooms/hall/events?lang=en%2Cfr');
});

test('a random room is a good name of 96 bits', () => {
  const zero = randomRoom((bytes) => bytes.fill(0));
  const full = randomRoom((bytes) => bytes.fill(255));
  assert.deepEqual([zero, full], ['aaaaa-aaaaa-aaaaa-aaaaa', '99999-99999-99999-9999h'.replace('h', full.at(-1)!)]);
  const all = new Set(Array.from({ length: 1000 }, () => randomRoom()));
  assert.equal(all.size, 1000);
  for (const room of all) assert.match(room, /^[a-z2-9]{5}(-[a-z2-9]{5}){3}$/);
  const bits = new Set(Array.from({ length: 96 }, (_, i) => randomRoom((bytes) => ((bytes[i >> 3] = 1 << (i & 7)), bytes))));
  assert.equal(bits.size, 96);
});

test("a readers' link has its token where no server sees it", () => {
  const [plain, invited] = [readAddress('hall'), readAddress('hall', 'ek_1')].map((address) => new URL(address));
  assert.equal(plain!.hash, '#hall');
  assert.deepEqual([invited!.search, split(invited!.hash)], ['', { token: 'ek_1', rest: '#hall' }]);
});

test('a token leaves the fragment, the rest stays', () => {
  assert.deepEqual(split('#token=a%2Bb&room=hall'), { token: 'a+b', rest: '#room=hall' });
  assert.deepEqual(split('#hall'), { token: '', rest: '#hall' });
  assert.deepEqual(split('#token=x'), { token: 'x', rest: '' });
  assert.equal(split('#token=%zz').token, '%zz');
  assert.deepEqual(split(''), { token: '', rest: '' });
});

test('languages have names, unknown ones their code', () => {
  assert.deepEqual(['es', 'zh', 'not a code'].map(name), ['Spanish', 'Chinese', 'not a code']);
  assert.ok(common.every((code) => name(code) !== code));
});
