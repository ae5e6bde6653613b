import assert from 'node:assert/strict';
import test from 'node:test';

import { level, s16le } from '../page/pcm.mjs';

test('samples become 16-bit little-endian integers, limited to full scale', () => {
  const bytes = [...new Uint8Array(s16le(Float32Array.of(0, 1, -1, 0.5, 2, -2, NaN)))];
  assert.deepEqual(bytes, [0, 0, 0xff, 0x7f, 0x01, 0x80, 0x00, 0x40, 0xff, 0x7f, 0x01, 0x80, 0, 0]);
});

test('the meter goes from silence to full scale', () => {
  assert.equal(level(new Float32Array(640)), 0);
  assert.equal(level(new Float32Array(0)), 0);
  assert.ok(Math.abs(level(new Float32Array(640).fill(1)) - 1) < 1e-6);
  const half = level(new Float32Array(640).fill(10 ** (-30 / 20))); // -30 dB
  assert.ok(Math.abs(half - 0.5) < 1e-6, String(half));
});
