import assert from 'node:assert/strict';
import test from 'node:test';

import { meterAfter, still } from '../src/sound/meter';
import { s16le } from '../src/sound/pcm';

test('samples become 16-bit little-endian integers, limited to full scale', () => {
  const bytes = [...new Uint8Array(s16le(Float32Array.of(0, 1, -1, 0.5, 2, -2, NaN)))];
  assert.deepEqual(bytes, [0, 0, 0xff, 0x7f, 0x01, 0x80, 0x00, 0x40, 0xff, 0x7f, 0x01, 0x80, 0, 0]);
});

const block = (value: number): Float32Array => new Float32Array(1920).fill(value); // 40 ms

test('the meter goes from silence to full scale', () => {
  assert.equal(meterAfter(still, block(0), 48_000).level, 0);
  assert.equal(meterAfter(still, new Float32Array(0), 48_000).level, 0);
  assert.ok(Math.abs(meterAfter(still, block(1), 48_000).level - 1) < 1e-6);
  assert.ok(Math.abs(meterAfter(still, block(10 ** (-30 / 20)), 48_000).level - 0.5) < 1e-6); // -30 dB
});

test('pure zeros for two seconds are a muted microphone, a quiet room is not', () => {
  const after = (value: number, blocks: number) => Array(blocks).fill(value).reduce((m, x) => meterAfter(m, block(x), 48_000), still);
  assert.equal(after(0, 49).hint, '');
  assert.match(after(0, 50).hint, /muted/);
  assert.equal(meterAfter(after(0, 50), block(1e-4), 48_000).hint, '');
  assert.equal(after(1e-4, 500).hint, '');
});

test('sound that is cut off is too loud, and the hint stays a while', () => {
  const loud = meterAfter(still, block(1), 48_000);
  assert.match(loud.hint, /Too loud/);
  let later = loud;
  for (let i = 0; i < 74; i++) later = meterAfter(later, block(0.1), 48_000);
  assert.match(later.hint, /Too loud/);
  assert.equal(meterAfter(later, block(0.1), 48_000).hint, '');
  const click = block(0.1);
  click[7] = 1;
  assert.equal(meterAfter(still, click, 48_000).hint, '');
});
