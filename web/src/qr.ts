// QR codes (ISO/IEC 18004) of text: byte mode, error correction level M, versions 1 to 10, up to 213 bytes.

export type Squares = boolean[][]; // rows; true is dark

/** Blocks of level M by version: bytes of error correction of each block, then [blocks, data bytes of each] by size. */
const blocksOf: [number, [number, number][]][] = [
  [10, [[1, 16]]],
  [16, [[1, 28]]],
  [26, [[1, 44]]],
  [18, [[2, 32]]],
  [24, [[2, 43]]],
  [16, [[4, 27]]],
  [18, [[4, 31]]],
  [22, [[2, 38], [2, 39]]],
  [22, [[3, 36], [2, 37]]],
  [26, [[4, 43], [1, 44]]],
];

/** Centres of alignment patterns by version. */
const centres = [[], [6, 18], [6, 22], [6, 26], [6, 30], [6, 34], [6, 22, 38], [6, 24, 42], [6, 26, 46], [6, 28, 50]];

const masks: ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

/** The code of a text, without its margin. Throws when the text is too long. */
export function qr(text: string): Squares {
  const bytes = new TextEncoder().encode(text);
  const version = 1 + blocksOf.findIndex((_, i) => bytes.length <= capacity(i + 1));
  if (version === 0) throw new Error(`qr: ${bytes.length} bytes of text; ${capacity(10)} fit`);
  const words = interleaved(dataWords(bytes, version), version);
  const candidates = masks.map((_, mask) => drawn(version, words, mask));
  return candidates.reduce((best, squares) => (penalty(squares) < penalty(best) ? squares : best));
}

const dataBytes = (version: number): number => blocksOf[version - 1]![1].reduce((sum, [blocks, bytes]) => sum + blocks * bytes, 0);
const lengthBits = (version: number): number => (version < 10 ? 8 : 16);
const capacity = (version: number): number => dataBytes(version) - Math.ceil((4 + lengthBits(version)) / 8);

/** The text behind its mode and length, filled up. */
function dataWords(bytes: Uint8Array, version: number): number[] {
  const bits: number[] = [];
  const add = (value: number, count: number): void => {
    for (let i = count - 1; i >= 0; i--) bits.push((value >> i) & 1);
  };
  add(4, 4);
  add(bytes.length, lengthBits(version));
  for (const byte of bytes) add(byte, 8);
  const whole = 8 * dataBytes(version);
  add(0, Math.min(4, whole - bits.length));
  add(0, (8 - (bits.length % 8)) % 8);
  for (let i = 0; bits.length < whole; i++) add(i % 2 === 0 ? 0xec : 0x11, 8);
  return Array.from({ length: whole / 8 }, (_, i) => bits.slice(8 * i, 8 * i + 8).reduce((word, bit) => 2 * word + bit, 0));
}

/** Data and error correction of all blocks, taken in turn. */
function interleaved(words: number[], version: number): number[] {
  const [correction, groups] = blocksOf[version - 1]!;
  const blocks: number[][] = [];
  let from = 0;
  for (const [count, size] of groups) {
    for (let i = 0; i < count; i++) blocks.push(words.slice(from, (from += size)));
  }
  const checks = blocks.map((block) => remainder(block, correction));
  const inTurn = (all: number[][]): number[] =>
    Array.from({ length: Math.max(...all.map((b) => b.length)) }, (_, i) => all.flatMap((b) => (i < b.length ? [b[i]!] : []))).flat();
  return [...inTurn(blocks), ...inTurn(checks)];
}

/** Product in the field of 256 elements, modulo x^8 + x^4 + x^3 + x^2 + 1. */
function times(a: number, b: number): number {
  let product = 0;
  for (let i = 7; i >= 0; i--) product = ((product << 1) ^ ((product >> 7) * 0x11d)) ^ (((b >> i) & 1) * a);
  return product;
}

/** The remainder of a block by the product of (x - 2^i), i below count: its Reed-Solomon check. */
function remainder(block: number[], count: number): number[] {
  let divisor = [1];
  for (let i = 0, root = 1; i < count; i++, root = times(root, 2)) {
    divisor = [...divisor, 0].map((c, j) => c ^ times(divisor[j - 1] ?? 0, root));
  }
  const rest = [...block, ...Array<number>(count).fill(0)];
  for (let i = 0; i < block.length; i++) {
    const factor = rest[i]!;
    divisor.forEach((c, j) => (rest[i + j]! ^= times(c, factor)));
  }
  return rest.slice(block.length);
}

type Drawing = { dark: Squares; fixed: Squares };

function drawn(version: number, words: number[], mask: number): Squares {
  const size = 17 + 4 * version;
  const square = (): Squares => Array.from({ length: size }, () => Array<boolean>(size).fill(false));
  const d: Drawing = { dark: square(), fixed: square() };
  drawPatterns(d, version, mask);
  drawWords(d, words, masks[mask]!);
  return d.dark;
}

function put({ dark, fixed }: Drawing, x: number, y: number, on: boolean): void {
  dark[y]![x] = on;
  fixed[y]![x] = true;
}

function drawPatterns(d: Drawing, version: number, mask: number): void {
  const size = d.dark.length;
  for (let i = 0; i < size; i++) {
    put(d, 6, i, i % 2 === 0);
    put(d, i, 6, i % 2 === 0);
  }
  for (const [x, y] of [[3, 3], [size - 4, 3], [3, size - 4]] as const) rings(d, x, y, 4, (r) => r !== 2 && r !== 4);
  const at = centres[version - 1]!;
  const last = at.length - 1;
  at.forEach((x, i) => at.forEach((y, j) => {
    const taken = (i === 0 && j === 0) || (i === 0 && j === last) || (i === last && j === 0);
    if (!taken) rings(d, x, y, 2, (r) => r !== 1);
  }));
  drawFormat(d, mask);
  if (version >= 7) drawVersion(d, version);
}

/** Squares around a centre, dark by their distance from it. */
function rings(d: Drawing, cx: number, cy: number, radius: number, dark: (r: number) => boolean): void {
  const size = d.dark.length;
  for (let y = Math.max(0, cy - radius); y <= Math.min(size - 1, cy + radius); y++) {
    for (let x = Math.max(0, cx - radius); x <= Math.min(size - 1, cx + radius); x++) put(d, x, y, dark(Math.max(Math.abs(x - cx), Math.abs(y - cy))));
  }
}

/** A value behind which stands its remainder by a polynomial. */
function coded(value: number, polynomial: number, bits: number): number {
  let rest = value << bits;
  for (let i = 31 - Math.clz32(rest); i >= bits; i--) if ((rest >> i) & 1) rest ^= polynomial << (i - bits);
  return (value << bits) | rest;
}

/** The level (M is 0) and the mask, twice. */
function drawFormat(d: Drawing, mask: number): void {
  const size = d.dark.length;
  const bits = coded(mask, 0x537, 10) ^ 0x5412;
  const bit = (i: number): boolean => ((bits >> i) & 1) === 1;
  for (let i = 0; i < 15; i++) {
    put(d, 8, i < 6 ? i : i < 8 ? i + 1 : size - 15 + i, bit(i));
    put(d, i < 8 ? size - 1 - i : i === 8 ? 7 : 14 - i, 8, bit(i));
  }
  put(d, 8, size - 8, true);
}

function drawVersion(d: Drawing, version: number): void {
  const bits = coded(version, 0x1f25, 12);
  for (let i = 0; i < 18; i++) {
    const [a, b] = [d.dark.length - 11 + (i % 3), Math.floor(i / 3)];
    put(d, a, b, ((bits >> i) & 1) === 1);
    put(d, b, a, ((bits >> i) & 1) === 1);
  }
}

/** Two columns at a time, from the right, up and down in turn. */
function drawWords({ dark, fixed }: Drawing, words: number[], mask: (x: number, y: number) => boolean): void {
  const size = dark.length;
  let i = 0;
  for (let right = size - 1, up = true; right > 0; right -= 2, up = !up) {
    if (right === 6) right = 5; // the column of the timing pattern
    for (let step = 0; step < size; step++) {
      const y = up ? size - 1 - step : step;
      for (const x of [right, right - 1]) {
        if (fixed[y]![x]) continue;
        const bit = ((words[i >> 3] ?? 0) >> (7 - (i & 7))) & 1;
        dark[y]![x] = (bit === 1) !== mask(x, y);
        i++;
      }
    }
  }
}

/** How hard a code is to read: runs, blocks, patterns that look like a corner's, and too much of one colour. */
function penalty(squares: Squares): number {
  const size = squares.length;
  const columns = squares.map((_, x) => squares.map((row) => row[x]!));
  let sum = 0;
  for (const line of [...squares, ...columns]) {
    const text = line.map((dark) => (dark ? '#' : '.')).join('');
    for (const [run] of text.matchAll(/#{5,}|\.{5,}/g)) sum += run.length - 2;
    for (const pattern of ['#.###.#....', '....#.###.#']) for (let i = 0; (i = text.indexOf(pattern, i)) >= 0; i++) sum += 40;
  }
  let dark = 0;
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const on = squares[y]![x];
      if (on) dark++;
      if (y > 0 && x > 0 && on === squares[y - 1]![x] && on === squares[y]![x - 1] && on === squares[y - 1]![x - 1]) sum += 3;
    }
  }
  return sum + 10 * Math.floor(Math.abs((20 * dark) / size ** 2 - 10));
}
