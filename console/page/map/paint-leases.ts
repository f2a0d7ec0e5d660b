/** Addresses that are held or cool, each in its cell. */
import type { LeaseRow } from '../../../core/contract/lease.ts';
import type { MapCell } from '../space/curves.ts';
import type { Scene, WantedBlocks } from './scene.ts';
import type { Scope } from './scope.ts';
import { keptFor } from './shapes.ts';

interface PlacedLease extends MapCell {
  readonly row: LeaseRow;
}

const placed = keptFor((rows: readonly LeaseRow[], curve, scope): PlacedLease[] =>
  rows.flatMap((row) =>
    row.addresses.flatMap((address) => {
      const index = (scope as Scope).indexOf(address);
      return index === undefined ? [] : [{ ...curve.cellOf(index), row }];
    }),
  ),
);

export function paintLeases(context: CanvasRenderingContext2D, scene: Scene, blocks: WantedBlocks): void {
  const { view, curve, scope, size, colours, colourOf } = scene;
  const gap = view.scale >= 10 ? 1.5 : view.scale >= 6 ? 0.75 : 0.25;
  const side = view.scale - gap;
  for (const [pool, stretches] of blocks)
    for (const { from, to } of stretches)
      for (let block = from; block <= to; block += 1n)
        for (const { x: cellX, y: cellY, row } of placed(scene.leasesIn(pool, block) ?? NONE, curve, scope)) {
          const [x, y] = [(cellX - view.x) * view.scale, (cellY - view.y) * view.scale];
          if (x >= size.width || y >= size.height || x + side <= 0 || y + side <= 0) continue;
          if (row.state === 'held') {
            context.fillStyle = colourOf?.(row) ?? colours.held;
            context.fillRect(x, y, side, side);
          } else {
            context.fillStyle = colours.cooling;
            triangle(context, x, y, side);
          }
        }
}

const NONE: readonly LeaseRow[] = [];

/** What cools is half of what it was. */
function triangle(context: CanvasRenderingContext2D, x: number, y: number, side: number): void {
  context.beginPath();
  context.moveTo(x, y + side);
  context.lineTo(x + side, y + side);
  context.lineTo(x + side, y);
  context.fill();
}
