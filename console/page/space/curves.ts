/**
 * A line of up to 2^32 numbers folded into a square of 65,536 by 65,536 cells, in one of two ways. Either keeps what begins with
 * the same bits in one rectangle, so that prefixes are shapes that are seen.
 */

export interface MapCell {
  readonly x: number;
  readonly y: number;
}

export interface Rect extends MapCell {
  readonly width: number;
  readonly height: number;
}

export interface Curve {
  cellOf(index: number): MapCell;
  indexAt(cell: MapCell): number;
}

export const SIDE = 65_536;

/** Hilbert's: neighbours in the line are neighbours in the square. */
export const hilbert: Curve = {
  cellOf(index) {
    let [x, y, rest] = [0, 0, index >>> 0];
    for (let side = 1; side < SIDE; side *= 2) {
      const right = (rest >>> 1) & 1;
      const down = (rest ^ right) & 1;
      [x, y] = turned(side, x, y, right, down);
      x += side * right;
      y += side * down;
      rest >>>= 2;
    }
    return { x, y };
  },
  indexAt({ x: atX, y: atY }) {
    let [x, y, index] = [atX, atY, 0];
    for (let side = SIDE / 2; side >= 1; side /= 2) {
      const right = x & side ? 1 : 0;
      const down = y & side ? 1 : 0;
      index += side * side * ((3 * right) ^ down);
      [x, y] = turned(SIDE, x, y, right, down);
    }
    return index;
  },
};

function turned(side: number, x: number, y: number, right: number, down: number): [number, number] {
  if (down === 1) return [x, y];
  return right === 1 ? [side - 1 - y, side - 1 - x] : [y, x];
}

/** A /24 is a row of 256, a /16 has 256 of them; those lie sixteen by sixteen, as do the /8. */
export const rows: Curve = {
  cellOf(index) {
    const [a, b, c, d] = [index >>> 24, (index >>> 16) & 255, (index >>> 8) & 255, index & 255];
    return { x: (a & 15) * 4096 + (b & 15) * 256 + d, y: (a >>> 4) * 4096 + (b >>> 4) * 256 + c };
  },
  indexAt({ x, y }) {
    const a = (y >>> 12) * 16 + (x >>> 12);
    const b = ((y >>> 8) & 15) * 16 + ((x >>> 8) & 15);
    return a * 0x1000000 + b * 0x10000 + (y & 255) * 256 + (x & 255);
  },
};

/** Of 2^`bits` numbers from `first` on, which is a multiple of that. */
export function rectOf(curve: Curve, first: number, bits: number): Rect {
  const last = curve.cellOf(first + 2 ** bits - 1);
  if (curve === rows) return around(curve.cellOf(first), last);
  // Two squares where the bits are odd; the corners of a square are not the ends of its line.
  const half = bits - (bits % 2);
  const squares = [first, first + 2 ** bits - 2 ** half].map((from) => square(curve.cellOf(from), 2 ** (half / 2)));
  return squares.reduce(union);
}

const square = ({ x, y }: MapCell, side: number): Rect => ({
  x: x - (x % side),
  y: y - (y % side),
  width: side,
  height: side,
});

const around = (a: MapCell, b: MapCell): Rect => ({ x: a.x, y: a.y, width: b.x - a.x + 1, height: b.y - a.y + 1 });

export function union(a: Rect, b: Rect): Rect {
  const [x, y] = [Math.min(a.x, b.x), Math.min(a.y, b.y)];
  return {
    x,
    y,
    width: Math.max(a.x + a.width, b.x + b.width) - x,
    height: Math.max(a.y + a.height, b.y + b.height) - y,
  };
}

/** The aligned powers of two of which first to last consist. */
export function aligned(first: number, last: number): { first: number; bits: number }[] {
  const parts: { first: number; bits: number }[] = [];
  for (let at = first; at <= last; ) {
    let bits = 0;
    while (bits < 32 && at % 2 ** (bits + 1) === 0 && at + 2 ** (bits + 1) - 1 <= last) bits += 1;
    parts.push({ first: at, bits });
    at += 2 ** bits;
  }
  return parts;
}

export const rectsOf = (curve: Curve, first: number, last: number): Rect[] =>
  aligned(first, last).map((part) => rectOf(curve, part.first, part.bits));
