/** Blocks of a pool, each as full as it is. */
import type { BlockUse } from '../fleet/block-use.ts';
import { type Rect, rectsOf } from '../space/curves.ts';
import type { MappedPool } from '../space/pool-space.ts';
import type { Scene } from './scene.ts';
import type { Scope } from './scope.ts';
import { keptFor } from './shapes.ts';
import { isOn, shown } from './view.ts';

interface PlacedBlock {
  readonly rect: Rect;
  /** From 0 to 1. */
  readonly share: number;
}

const placed = new WeakMap<MappedPool, ReturnType<typeof placing>>();
const placing = (space: MappedPool) =>
  keptFor((uses: ReadonlyMap<bigint, BlockUse>, curve, scope): PlacedBlock[] =>
    [...uses].flatMap(([block, { held, cooling }]) => {
      const span = (scope as Scope).spanOf(space, block);
      const share = (held + cooling) / space.pool.blockSize;
      return span === undefined ? [] : rectsOf(curve, span.first, span.last).map((rect) => ({ rect, share }));
    }),
  );

export function paintBlocks(context: CanvasRenderingContext2D, scene: Scene, space: MappedPool): void {
  const { curve, scope, view, size } = scene;
  const uses = scene.blockUses(space.pool.name);
  if (uses === undefined) return;
  const place = placed.get(space) ?? placing(space);
  placed.set(space, place);
  for (const { rect, share } of place(uses, curve, scope)) {
    const on = shown(view, rect);
    if (!isOn(on, size)) continue;
    context.fillStyle = scene.fillOf(share);
    context.fillRect(on.x, on.y, Math.max(1, on.width), Math.max(1, on.height));
  }
}
