/** Draws the map: what is on the screen, as fine as it can be seen there. */
import { type Curve, type Rect, rectOf, rectsOf } from '../space/curves.ts';
import type { MappedPool } from '../space/pool-space.ts';
import { mixed, pattern } from './colours.ts';
import { labelled } from './labels.ts';
import type { Scene, Wanted } from './scene.ts';
import type { Area } from './scope.ts';
import { ADDRESSES_FROM, cellAt, isOn, LEAST_PIXELS, shown } from './view.ts';

const rects = new WeakMap<Curve, WeakMap<object, Rect[]>>();
export function rectsOfArea(curve: Curve, area: { first: number; last: number }): Rect[] {
  const ofCurve = rects.get(curve) ?? new WeakMap<object, Rect[]>();
  rects.set(curve, ofCurve);
  const found = ofCurve.get(area) ?? rectsOf(curve, area.first, area.last);
  ofCurve.set(area, found);
  return found;
}

/** Pixels: blocks that are smaller are not told apart. */
const LEAST_BLOCK = 6;

export function paint(context: CanvasRenderingContext2D, scene: Scene): Wanted {
  const { size, colours, scope, curve, view } = scene;
  context.fillStyle = colours.ground;
  context.fillRect(0, 0, size.width, size.height);
  const visible = scope.areas.flatMap((area) => {
    const on = rectsOfArea(curve, area)
      .map((rect) => shown(view, rect))
      .filter((rect) => isOn(rect, size));
    if (on.length === 0) return [];
    // From far off one mark stands for all of its parts.
    const [widest = { x: 0, y: 0, width: 0, height: 0 }] = [...on].sort((a, b) => b.width - a.width);
    return [{ area, on: widest.width < LEAST_PIXELS ? [widest] : on }];
  });
  const atAddresses = view.scale >= ADDRESSES_FROM;
  context.fillStyle = colours.border;
  for (const { on } of visible)
    for (const { x, y, width, height } of on)
      context.fillRect(x - 1, y - 1, Math.max(width, LEAST_PIXELS) + 2, Math.max(height, LEAST_PIXELS) + 2);
  for (const { area, on } of visible) {
    const share = scene.shareOf(area.space.pool.name);
    context.fillStyle =
      atAddresses || share === undefined ? colours.free : mixed(colours.free, colours.held, tint(share));
    for (const { x, y, width, height } of on)
      context.fillRect(x, y, Math.max(width, LEAST_PIXELS), Math.max(height, LEAST_PIXELS));
  }
  const blocks = atAddresses ? visible.flatMap(({ area, on }) => seenBlocks(scene, area, on)) : [];
  const byBlock = new Set(
    visible
      .filter(({ area }) => !atAddresses && area.space.pool.blockSize * view.scale ** 2 >= LEAST_BLOCK)
      .map(({ area }) => area.space.pool.name),
  );
  for (const name of byBlock) paintBlocks(context, scene, name);
  paintMarks(context, scene);
  if (atAddresses) paintLeases(context, scene, blocks);
  labelled(context, scene, visible);
  paintPlanned(context, scene);
  paintFocus(context, scene);
  return { pools: new Set(visible.map(({ area }) => area.space.pool.name)), byBlock, blocks };
}

/** A little is seen as such: half of it is at a third of the scale. */
const tint = (share: number): number => 0.06 + 0.94 * Math.min(1, share) ** 0.85;

/** Blocks of the area of which something is on the screen. On a curve they may be several stretches. */
function seenBlocks({ view, size, curve, scope }: Scene, area: Area, on: readonly Rect[]) {
  const step = Math.max(1, Math.floor(Math.sqrt(area.space.pool.blockSize) / 2));
  const seen = new Set<bigint>();
  for (const rect of on) {
    const [left, top] = [Math.max(0, rect.x), Math.max(0, rect.y)];
    const [right, bottom] = [Math.min(size.width, rect.x + rect.width), Math.min(size.height, rect.y + rect.height)];
    for (let y = top; y < bottom; y += step * view.scale)
      for (let x = left; x < right; x += step * view.scale) {
        const cell = cellAt(view, x, y);
        const index = cell && curve.indexAt(cell);
        if (index === undefined || index < area.first || index > area.last) continue;
        for (const [block] of scope.blocks(area, index, index)) seen.add(block);
      }
  }
  const inOrder = [...seen].sort((a, b) => (a < b ? -1 : 1));
  const stretches: { pool: string; from: bigint; to: bigint; space: MappedPool }[] = [];
  for (const block of inOrder) {
    const last = stretches.at(-1);
    if (last !== undefined && block <= last.to + 16n) last.to = block;
    else stretches.push({ pool: area.space.pool.name, space: area.space, from: block, to: block });
  }
  return stretches;
}

function paintBlocks(context: CanvasRenderingContext2D, scene: Scene, name: string): void {
  const { curve, scope, view, size, colours } = scene;
  const space = scope.areas.find((area) => area.space.pool.name === name)?.space;
  const shares = scene.blockShares(name);
  if (space === undefined || shares === undefined) return;
  for (const area of scope.areas) {
    if (area.space !== space) continue;
    context.fillStyle = colours.free;
    for (const rect of rectsOfArea(curve, area)) {
      const { x, y, width, height } = shown(view, rect);
      if (isOn({ x, y, width, height }, size)) context.fillRect(x, y, width, height);
    }
  }
  for (const [block, share] of shares) {
    const span = scope.spanOf(space, block);
    if (span === undefined) continue;
    context.fillStyle = mixed(colours.free, colours.held, tint(share));
    for (const rect of rectsOf(curve, span.first, span.last)) {
      const on = shown(view, rect);
      if (isOn(on, size)) context.fillRect(on.x, on.y, Math.max(1, on.width), Math.max(1, on.height));
    }
  }
}

function paintMarks(context: CanvasRenderingContext2D, { scope, curve, view, size, colours }: Scene): void {
  const fills = {
    excluded: pattern(context, 'lines', colours.excluded, colours.ground),
    reserved: pattern(context, 'dots', colours.reserved, colours.free),
  };
  for (const mark of scope.marks)
    for (const rect of rectsOfArea(curve, mark)) {
      const { x, y, width, height } = shown(view, rect);
      if (width < 1.5 || !isOn({ x, y, width, height }, size)) continue;
      context.fillStyle = fills[mark.kind];
      context.fillRect(x, y, width, height);
      context.strokeStyle = colours[mark.kind];
      context.lineWidth = 1;
      context.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
    }
}

function paintLeases(
  context: CanvasRenderingContext2D,
  scene: Scene,
  blocks: readonly { pool: string; from: bigint; to: bigint }[],
): void {
  const { view, curve, scope, size, colours, colourOf } = scene;
  const gap = view.scale >= 10 ? 1.5 : view.scale >= 6 ? 0.75 : 0.25;
  const side = view.scale - gap;
  for (const { pool, from, to } of blocks)
    for (let block = from; block <= to; block += 1n)
      for (const row of scene.leasesIn(pool, block) ?? [])
        for (const address of row.addresses) {
          const index = scope.indexOf(address);
          if (index === undefined) continue;
          const cell = curve.cellOf(index);
          const [x, y] = [(cell.x - view.x) * view.scale, (cell.y - view.y) * view.scale];
          if (!isOn({ x, y, width: side, height: side }, size)) continue;
          const isHeld = row.state === 'held';
          context.fillStyle = isHeld ? (colourOf?.(row) ?? colours.held) : colours.cooling;
          if (isHeld) context.fillRect(x, y, side, side);
          else triangle(context, x, y, side);
        }
}

/** What cools is half of what it was. */
function triangle(context: CanvasRenderingContext2D, x: number, y: number, side: number): void {
  context.beginPath();
  context.moveTo(x, y + side);
  context.lineTo(x + side, y + side);
  context.lineTo(x + side, y);
  context.fill();
}

function paintPlanned(context: CanvasRenderingContext2D, { planned, curve, view, colours }: Scene): void {
  context.setLineDash([6, 4]);
  context.strokeStyle = colours.focus;
  context.lineWidth = 2.5;
  for (const span of planned)
    for (const rect of rectsOfArea(curve, span)) {
      const { x, y, width, height } = shown(view, rect);
      context.strokeRect(x, y, Math.max(width, LEAST_PIXELS), Math.max(height, LEAST_PIXELS));
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
