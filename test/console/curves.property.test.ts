/** The curves on which the map lies. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aligned, type Curve, hilbert, type Rect, rectOf, rectsOf, rows } from '../../console/page/space/curves.ts';

const curves: readonly (readonly [string, Curve])[] = [
  ['Hilbert', hilbert],
  ['rows', rows],
];
const index = fc.integer({ min: 0, max: 2 ** 32 - 1 });

const isIn = ({ x, y, width, height }: Rect, cell: { x: number; y: number }) =>
  cell.x >= x && cell.y >= y && cell.x < x + width && cell.y < y + height;

/** That each cell is one number's, and what begins with the same bits lies in one rectangle of just that size. */
function holds(curve: Curve): void {
  fc.assert(
    fc.property(index, fc.integer({ min: 0, max: 32 }), fc.nat(), (at, bits, within) => {
      expect(curve.indexAt(curve.cellOf(at))).toBe(at);
      const first = at - (at % 2 ** bits);
      const rect = rectOf(curve, first, bits);
      expect(rect.width * rect.height).toBe(2 ** bits);
      expect(isIn(rect, curve.cellOf(first + (within % 2 ** bits)))).toBe(true);
    }),
  );
}

describe.each(curves)('%s', (_, curve) => {
  it('has a cell for each address, and a rectangle for each prefix', () => holds(curve));

  it('has a span in rectangles that together are as large as it, and do not meet', () => {
    fc.assert(
      fc.property(index, fc.integer({ min: 0, max: 5000 }), (first, more) => {
        const last = Math.min(2 ** 32 - 1, first + more);
        const rects = rectsOf(curve, first, last);
        expect(rects.reduce((sum, { width, height }) => sum + width * height, 0)).toBe(last - first + 1);
        expect(rects.every((rect) => !rects.some((other) => other !== rect && isIn(other, rect)))).toBe(true);
      }),
    );
  });
});

it('Hilbert has neighbours beside each other', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 2 }), (at) => {
      const [a, b] = [hilbert.cellOf(at), hilbert.cellOf(at + 1)];
      expect(Math.abs(a.x - b.x) + Math.abs(a.y - b.y)).toBe(1);
    }),
  );
});

it('rows has a /24 in a row, and the next one beneath it', () => {
  expect(rectOf(rows, 0x0a010200, 8)).toMatchObject({ width: 256, height: 1 });
  const [a, b] = [rows.cellOf(0x0a010200), rows.cellOf(0x0a010300)];
  expect(b).toEqual({ x: a.x, y: a.y + 1 });
});

it('a curve that loses its turns is found', () => {
  const broken: Curve = {
    cellOf: (at) => ({ x: hilbert.cellOf(at).y, y: hilbert.cellOf(at).x }),
    indexAt: hilbert.indexAt,
  };
  expect(() => holds(broken)).toThrow();
});

it('the parts of a span are aligned, and one follows the other', () => {
  expect(aligned(5, 20)).toEqual([
    { first: 5, bits: 0 },
    { first: 6, bits: 1 },
    { first: 8, bits: 3 },
    { first: 16, bits: 2 },
    { first: 20, bits: 0 },
  ]);
});
