/** What is written on the map: prefixes, names of pools, and near by the last number of an address. */
import { type Rect, rectOf, SIDE, union } from '../space/curves.ts';
import type { Scene, VisibleArea } from './scene.ts';
import { areaAt } from './scope.ts';
import { cellAt, isOn, LEAST_PIXELS, shown } from './view.ts';

const FONT = '"Inter Variable", system-ui, sans-serif';
const MONO = '"JetBrains Mono", ui-monospace, monospace';

/** Bits of the squares that have lines around them. */
const STEPS = [28, 24, 20, 16, 12, 8] as const;

export function labelled(context: CanvasRenderingContext2D, scene: Scene, visible: readonly VisibleArea[]): void {
  squares(context, scene);
  names(context, scene, visible);
  if (scene.view.scale >= 26) numbers(context, scene);
}

function squares(context: CanvasRenderingContext2D, scene: Scene): void {
  const { curve, view, colours } = scene;
  const isIpv4 = scene.scope.family === 4;
  let labels = 0;
  for (const bits of [...STEPS].reverse()) {
    const { width, height } = rectOf(curve, 0, bits);
    if (Math.min(width, height) * view.scale < 22) continue;
    const writes = isIpv4 && labels < 1 && width * view.scale >= 96 && height * view.scale >= 40;
    if (writes) labels += 1;
    context.strokeStyle = colours.line;
    context.lineWidth = writes ? 1 : 0.5;
    context.fillStyle = colours.quiet;
    context.font = `500 10px ${MONO}`;
    context.textBaseline = 'alphabetic';
    eachSquare(scene, width, height, (first, rect) => {
      context.strokeRect(Math.round(rect.x) + 0.5, Math.round(rect.y) + 0.5, rect.width, rect.height);
      if (!writes) return;
      const text = scene.scope.label(first - (first % 2 ** bits), bits);
      context.lineWidth = 3;
      context.strokeStyle = colours.ground;
      context.strokeText(text, rect.x + 6, rect.y + rect.height - 7);
      context.strokeStyle = colours.line;
      context.lineWidth = 1;
      context.fillText(text, rect.x + 6, rect.y + rect.height - 7);
    });
  }
}

function eachSquare(
  { curve, view, size }: Scene,
  width: number,
  height: number,
  each: (first: number, rect: Rect) => void,
): void {
  const from = { x: Math.max(0, Math.floor(view.x / width)), y: Math.max(0, Math.floor(view.y / height)) };
  const until = {
    x: Math.min(SIDE, view.x + size.width / view.scale),
    y: Math.min(SIDE, view.y + size.height / view.scale),
  };
  for (let y = from.y * height; y < until.y; y += height)
    for (let x = from.x * width; x < until.x; x += width)
      each(curve.indexAt({ x, y }), shown(view, { x, y, width, height }));
}

/** The largest first: of two that would lie on each other only one is written. */
function names(
  context: CanvasRenderingContext2D,
  { size, colours, view }: Scene,
  visible: readonly VisibleArea[],
): void {
  const written = new Set<string>();
  const taken: Rect[] = [];
  context.font = `600 12px ${FONT}`;
  context.textBaseline = 'top';
  context.lineJoin = 'round';
  // Where single addresses are seen the name is beside the pointer.
  if (view.scale >= 10) return;
  const bySize = visible
    .map(({ area, on }) => ({ name: area.space.pool.name, rect: on.reduce(union) }))
    .sort((a, b) => b.rect.width - a.rect.width);
  for (const { name, rect } of bySize) {
    if (written.size >= MOST_NAMES) return;
    if (written.has(name)) continue;
    const isInside = rect.width >= 64 && rect.height >= 24;
    const left = isInside ? Math.max(0, rect.x) + 6 : rect.x + Math.max(rect.width, LEAST_PIXELS) + 5;
    const top = isInside ? Math.max(0, rect.y) + 6 : rect.y + Math.max(rect.height, LEAST_PIXELS) / 2 - 6;
    const room = isInside ? Math.min(size.width, rect.x + rect.width) - left - 6 : 150;
    const text = cut(context, name, room);
    const isCut = !isInside && left + context.measureText(text).width > size.width;
    const at = isCut ? rect.x - context.measureText(text).width - 5 : left;
    const box = { x: at - 2, y: top - 1, width: context.measureText(text).width + 4, height: 14 };
    if (!isOn(box, size) || room < 40 || taken.some((other) => meet(box, other))) continue;
    taken.push(box);
    written.add(name);
    context.strokeStyle = colours.ground;
    context.lineWidth = 3.5;
    context.strokeText(text, at, top);
    context.fillStyle = isInside ? colours.ink : colours.quiet;
    context.fillText(text, at, top);
  }
}

const MOST_NAMES = 120;
const meet = (a: Rect, b: Rect): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

function cut(context: CanvasRenderingContext2D, name: string, room: number): string {
  if (context.measureText(name).width <= room) return name;
  let text = name;
  while (text.length > 1 && context.measureText(`${text}…`).width > room) text = text.slice(0, -1);
  return `${text}…`;
}

function numbers(context: CanvasRenderingContext2D, { view, size, curve, scope, colours }: Scene): void {
  context.font = `500 10px ${MONO}`;
  context.textBaseline = 'middle';
  context.textAlign = 'center';
  const first = { x: Math.floor(view.x), y: Math.floor(view.y) };
  for (let y = first.y; y <= view.y + size.height / view.scale; y += 1)
    for (let x = first.x; x <= view.x + size.width / view.scale; x += 1) {
      const rect = shown(view, { x, y, width: 1, height: 1 });
      const cell = cellAt(view, rect.x + 1, rect.y + 1);
      const index = cell && curve.indexAt(cell);
      const text = index === undefined || areaAt(scope, index) === undefined ? undefined : scope.addressAt(index);
      if (text === undefined) continue;
      const [at, top] = [rect.x + view.scale / 2 - 1, rect.y + view.scale / 2];
      const last = /[^.:]*$/.exec(text)?.[0] ?? '';
      context.lineWidth = 3;
      context.strokeStyle = colours.ground;
      context.strokeText(last, at, top);
      context.fillStyle = colours.ink;
      context.fillText(last, at, top);
    }
  context.textAlign = 'start';
}
