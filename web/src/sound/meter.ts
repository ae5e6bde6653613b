// How loud sound is, as people see it, and what is wrong with it.

/** level: 0 for silence, 1 for full scale. hint: what to do, nothing when all is well. */
type Meter = { level: number; hint: string; zeroMs: number; loudMs: number };

export const still: Meter = { level: 0, hint: '', zeroMs: 0, loudMs: 0 };

const quietDB = -60; // the left end of the meter
const clipping = 0.985; // of full scale
const patienceMs = 2000; // of pure zeros: no microphone that works gives them
const stayMs = 3000; // that a hint about loudness stays

/** The meter after a block of samples. */
export function meterAfter(meter: Meter, samples: Float32Array, rate: number): Meter {
  const ms = (1000 * samples.length) / rate;
  let sum = 0;
  let clipped = 0;
  for (const x of samples) {
    sum += x * x;
    if (Math.abs(x) >= clipping) clipped++;
  }
  const zeroMs = sum === 0 ? meter.zeroMs + ms : 0;
  const loudMs = clipped > samples.length / 200 ? stayMs : Math.max(0, meter.loudMs - ms);
  const db = 10 * Math.log10(sum / Math.max(1, samples.length) + 1e-12);
  const hint = zeroMs >= patienceMs ? muted : loudMs > 0 ? tooLoud : '';
  return { level: Math.max(0, Math.min(1, 1 - db / quietDB)), hint, zeroMs, loudMs };
}

const muted = 'No sound comes: it is muted, or the wrong one was chosen.';
const tooLoud = 'Too loud: the sound is cut off. Turn it down, or go farther from the microphone.';
