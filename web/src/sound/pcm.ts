// Samples as the daemon reads them.

/** Encodes samples in [-1, 1] as 16-bit little-endian integers. */
export function s16le(samples: Float32Array): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(2 * samples.length));
  samples.forEach((x, i) => view.setInt16(2 * i, Math.round(32767 * Math.max(-1, Math.min(1, x || 0))), true));
  return view.buffer;
}
