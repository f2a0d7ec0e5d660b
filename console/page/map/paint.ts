/** Draws the map: what is on the screen, as fine as it can be seen there. */
import { type Rect, rectOf } from '../space/curves.ts';
import type { MappedPool } from '../space/pool-space.ts';
import { pattern } from './colours.ts';
import { labelled } from './labels.ts';
import { paintBlocks } from './paint-blocks.ts';
import { paintLeases } from './paint-leases.ts';
import type { Scene, VisibleArea, Wanted, WantedBlocks } from './scene.ts';
import { type Area, blockNumber, blockOfNumber } from './scope.ts';
import { shapeOf } from './shapes.ts';
import { ADDRESSES_FROM, cellAt, isOn, LEAST_PIXELS, shown } from './view.ts';

/** Pixels: blocks that are smaller are not told apart. */
const LEAST_BLOCK = 6;
/** Square pixels: of a pool that is smaller the whole is shown. To know its blocks each of its slots is read. */
const LEAST_POOL = 64 * 64;

export function paint(context: CanvasRenderingContext2D, scene: Scene): Wanted {
  const { size, colours, view } = scene;
  context.fillStyle = colours.ground;
  context.fillRect(0, 0, size.width, size.height);
  const visible = visibleAreas(scene);
  const atAddresses = view.scale >= ADDRESSES_FROM;
  const byBlock = atAddresses ? [] : poolsByBlock(scene, visible);
  const told = new Set(byBlock.filter(({ pool }) => scene.blockUses(pool.name) !== undefined));
  paintPools(context, scene, visible, (space) => !atAddresses && !told.has(space));
  for (const space of told) paintBlocks(context, scene, space);
  paintMarks(context, scene);
  const blocks = atAddresses ? seenBlocks(scene, visible) : new Map();
  if (atAddresses) paintLeases(context, scene, blocks);
  paintPlanned(context, scene);
  labelled(context, scene, visible);
  paintFocus(context, scene);
  return { byBlock: byBlock.map(({ pool }) => pool.name), blocks };
}

function visibleAreas({ scope, curve, view, size }: Scene): VisibleArea[] {
  const visible: VisibleArea[] = [];
  for (const area of scope.areas) {
    const { bounds, widest, rects } = shapeOf(curve, area);
    if (!isOn(shown(view, bounds), size)) continue;
    // From far off one mark stands for all of its parts.
    const parts = widest.width * view.scale < LEAST_PIXELS ? [widest] : rects;
    const on = parts.map((rect) => shown(view, rect)).filter((rect) => isOn(rect, size));
    if (on.length > 0) visible.push({ area, on });
  }
  return visible;
}

function paintPools(
  context: CanvasRenderingContext2D,
  { colours, ...scene }: Scene,
  visible: readonly VisibleArea[],
  isWhole: (space: MappedPool) => boolean,
): void {
  context.fillStyle = colours.border;
  for (const { on } of visible)
    for (const { x, y, width, height } of on)
      context.fillRect(x - 1, y - 1, Math.max(width, LEAST_PIXELS) + 2, Math.max(height, LEAST_PIXELS) + 2);
  for (const { area, on } of visible) {
    const share = isWhole(area.space) ? scene.shareOf(area.space.pool) : undefined;
    context.fillStyle = share === undefined ? colours.free : scene.fillOf(share);
    for (const { x, y, width, height } of on)
      context.fillRect(x, y, Math.max(width, LEAST_PIXELS), Math.max(height, LEAST_PIXELS));
  }
}

/** The largest on the screen first. */
function poolsByBlock({ view }: Scene, visible: readonly VisibleArea[]): MappedPool[] {
  const pixels = new Map<MappedPool, number>();
  for (const { area, on } of visible) {
    if (area.space.pool.blockSize * view.scale ** 2 < LEAST_BLOCK) continue;
    const seen = on.reduce((sum, { width, height }) => sum + width * height, pixels.get(area.space) ?? 0);
    pixels.set(area.space, seen);
  }
  return [...pixels]
    .filter(([, seen]) => seen >= LEAST_POOL)
    .sort(([, a], [, b]) => b - a)
    .map(([space]) => space);
}

/** Blocks of which something is on the screen. On a curve they may be several stretches. */
function seenBlocks(scene: Scene, visible: readonly VisibleArea[]): WantedBlocks {
  const wanted = new Map<string, { from: bigint; to: bigint }[]>();
  for (const { area, on } of visible) {
    const stretches = wanted.get(area.space.pool.name) ?? [];
    wanted.set(area.space.pool.name, stretches);
    for (const number of seenNumbers(scene, area, on)) {
      const block = blockOfNumber(area, number);
      const last = stretches.at(-1);
      if (last !== undefined && last.from <= block && block <= last.to + 16n) {
        if (block > last.to) last.to = block;
      } else stretches.push({ from: block, to: block });
    }
  }
  return wanted;
}

/** Of the blocks of an area, in their order. */
function seenNumbers({ view, size, curve }: Scene, area: Area, on: readonly Rect[]): number[] {
  const step = Math.max(1, Math.floor(Math.sqrt(area.space.pool.blockSize) / 2)) * view.scale;
  const seen = new Set<number>();
  for (const rect of on) {
    const [left, top] = [Math.max(0, rect.x), Math.max(0, rect.y)];
    const [right, bottom] = [Math.min(size.width, rect.x + rect.width), Math.min(size.height, rect.y + rect.height)];
    for (let y = top; y < bottom; y += step)
      for (let x = left; x < right; x += step) {
        const cell = cellAt(view, x, y);
        const index = cell && curve.indexAt(cell);
        if (index !== undefined && area.first <= index && index <= area.last) seen.add(blockNumber(area, index));
      }
  }
  return [...seen].sort((a, b) => a - b);
}

function paintMarks(context: CanvasRenderingContext2D, { scope, curve, view, size, colours }: Scene): void {
  const fills = {
    excluded: pattern(context, 'lines', colours.excluded, colours.ground),
    reserved: pattern(context, 'dots', colours.reserved, colours.free),
  };
  context.lineWidth = 1;
  for (const mark of scope.marks) {
    const { rects, bounds } = shapeOf(curve, mark);
    if (bounds.width * view.scale < 1.5 || !isOn(shown(view, bounds), size)) continue;
    for (const rect of rects) {
      const { x, y, width, height } = shown(view, rect);
      if (width < 1.5 || !isOn({ x, y, width, height }, size)) continue;
      context.fillStyle = fills[mark.kind];
      context.fillRect(x, y, width, height);
      context.strokeStyle = colours[mark.kind];
      context.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
    }
  }
}

function paintPlanned(context: CanvasRenderingContext2D, { planned, curve, view, size, colours }: Scene): void {
  const inks = { new: colours.focus, reserved: colours.reserved, draining: colours.cooling };
  context.lineWidth = 2.5;
  for (const span of planned) {
    const { rects, widest } = shapeOf(curve, span);
    const isFar = widest.width * view.scale < LEAST_PIXELS;
    context.strokeStyle = inks[span.kind];
    context.fillStyle = pattern(context, span.kind === 'reserved' ? 'dots' : 'lines', inks[span.kind], 'transparent');
    context.setLineDash([6, 4]);
    for (const rect of isFar ? [widest] : rects) {
      const { x, y, width, height } = shown(view, rect);
      if (!isOn({ x, y, width, height }, size)) continue;
      const [across, down] = [Math.max(width, LEAST_PIXELS), Math.max(height, LEAST_PIXELS)];
      context.fillRect(x, y, across, down);
      context.strokeRect(x, y, across, down);
    }
  }
  context.setLineDash([]);
}

function paintFocus(context: CanvasRenderingContext2D, { focus, curve, view, colours }: Scene): void {
  if (focus === undefined) return;
  const { x, y, width, height } = shown(view, rectOf(curve, focus, 0));
  context.strokeStyle = colours.ground;
  context.lineWidth = 5;
  context.strokeRect(x - 1.5, y - 1.5, width + 3, height + 3);
  context.strokeStyle = colours.focus;
  context.lineWidth = 2.5;
  context.strokeRect(x - 1.5, y - 1.5, width + 3, height + 3);
}
