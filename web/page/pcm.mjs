// Samples as the daemon reads them, and their level as people see it.

/** Encodes samples in [-1, 1] as 16-bit little-endian integers. */
export function s16le(samples) {
  const view = new DataView(new ArrayBuffer(2 * samples.length));
  samples.forEach((x, i) => view.setInt16(2 * i, Math.round(32767 * Math.max(-1, Math.min(1, x || 0))), true));
  return view.buffer;
}

const quietDB = -60; // the left end of the meter

/** The loudness of samples as a share of the meter: 0 for silence, 1 for full scale. */
export function level(samples) {
  let sum = 0;
  for (const x of samples) sum += x * x;
  const db = 10 * Math.log10(sum / Math.max(1, samples.length) + 1e-12);
  return Math.max(0, Math.min(1, 1 - db / quietDB));
}
