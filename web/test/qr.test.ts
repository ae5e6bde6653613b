import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import test from 'node:test';

import { qr, type Squares } from '../src/qr';

const long = 'http://127.0.0.1:7788/read#ä€ß/'.repeat(20);
const texts = [
  ...[1, 14, 15, 26, 42, 62, 84, 106, 122, 152, 180, 200].map((n) => long.slice(0, n)),
  ...Array.from({ length: 60 }, (_, i) => `http://host:${i * 997}/read#${'abcdefghi'.repeat(3).slice(i % 20)}`),
];

test('codes have the size of their version', () => {
  const sizes = [1, 14, 15, 26, 27, 42, 43, 62, 63, 84, 106, 122, 152, 180, 213].map((n) => qr('a'.repeat(n)).length);
  assert.deepEqual(sizes, [21, 21, 25, 25, 29, 29, 33, 33, 37, 37, 41, 45, 49, 53, 57]);
  assert.throws(() => qr('a'.repeat(214)), /214 bytes of text; 213 fit/);
});

/** jsqr, where NODE_PATH leads to it. */
function decoder(): ((data: Uint8ClampedArray, width: number, height: number) => { data: string } | null) | null {
  try {
    const found = createRequire(import.meta.url)('jsqr');
    return found.default ?? found;
  } catch {
    return null;
  }
}

test('a decoder reads what was encoded', (t) => {
  const decode = decoder();
  if (!decode) return t.skip('jsqr is missing: npm install --prefix FOLDER jsqr, then set NODE_PATH=FOLDER/node_modules');
  for (const text of texts) {
    if (new TextEncoder().encode(text).length > 213) continue;
    const { pixels, size } = picture(qr(text), 4);
    assert.equal(decode(pixels, size, size)?.data, text);
  }
});

function picture(squares: Squares, scale: number): { pixels: Uint8ClampedArray; size: number } {
  const size = (squares.length + 8) * scale;
  const pixels = new Uint8ClampedArray(4 * size * size).fill(255);
  squares.forEach((row, y) => row.forEach((dark, x) => {
    if (!dark) return;
    for (let i = 0; i < scale * scale; i++) {
      const at = 4 * (((y + 4) * scale + Math.floor(i / scale)) * size + (x + 4) * scale + (i % scale));
      pixels.fill(0, at, at + 3);
    }
  }));
  return { pixels, size };
}
