/** Mouse, touch and keys on the map. */

import { go, to } from '../route.ts';
import type { Atlas } from './atlas.ts';
import { ADDRESSES_FROM, cellAt, moved, shown, zoomed } from './view.ts';

/** Pixels: a click may tremble so much. */
const STILL = 4;
const STEP = 1.5;
/** Pixels that an arrow moves where single addresses are not seen. */
const PAN = 80;

/** @returns what ends it */
export function steer(canvas: HTMLCanvasElement, atlas: Atlas): () => void {
  const abort = new AbortController();
  const on = <K extends keyof HTMLElementEventMap>(kind: K, act: (event: HTMLElementEventMap[K]) => void) =>
    canvas.addEventListener(kind, act, { signal: abort.signal, passive: false });
  const fingers = new Map<number, { x: number; y: number }>();
  let travelled = 0;
  on('pointerdown', ({ pointerId, offsetX: x, offsetY: y }) => {
    canvas.setPointerCapture(pointerId);
    if (fingers.size === 0) travelled = 0;
    fingers.set(pointerId, { x, y });
  });
  on('pointermove', ({ pointerId, offsetX: x, offsetY: y }) => {
    const before = fingers.get(pointerId);
    if (before === undefined) return point(atlas, x, y);
    travelled += Math.abs(x - before.x) + Math.abs(y - before.y);
    const other = [...fingers].find(([id]) => id !== pointerId)?.[1];
    fingers.set(pointerId, { x, y });
    if (travelled <= STILL) return;
    if (other === undefined) atlas.look(moved(atlas.view.value, before.x - x, before.y - y, atlas.size.value));
    else {
      const apart = (one: { x: number; y: number }) => Math.hypot(one.x - other.x, one.y - other.y) || 1;
      atlas.look(zoomed(atlas.view.value, apart({ x, y }) / apart(before), other, atlas.size.value));
    }
  });
  const lift = ({ pointerId, offsetX, offsetY, type }: PointerEvent) => {
    const was = fingers.delete(pointerId);
    if (was && type === 'pointerup' && travelled <= STILL && fingers.size === 0) open(atlas, offsetX, offsetY);
  };
  on('pointerup', lift);
  on('pointercancel', lift);
  on('pointerleave', () => {
    atlas.pointer.value = undefined;
  });
  on('wheel', (event) => {
    event.preventDefault();
    const factor = Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : event.deltaMode === 1 ? 0.05 : 0.0022));
    atlas.look(zoomed(atlas.view.value, factor, { x: event.offsetX, y: event.offsetY }, atlas.size.value));
    point(atlas, event.offsetX, event.offsetY);
  });
  on('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (pressed(atlas, event.key)) event.preventDefault();
  });
  return () => abort.abort();
}

function point(atlas: Atlas, x: number, y: number): void {
  const cell = cellAt(atlas.view.value, x, y);
  atlas.pointer.value = cell && { index: atlas.curve.value.indexAt(cell), x, y };
}

/** A click on an address opens it; where none is seen, it comes nearer. */
function open(atlas: Atlas, x: number, y: number): void {
  const { view, size, curve } = atlas;
  const cell = cellAt(view.value, x, y);
  if (cell === undefined) return;
  if (view.value.scale < ADDRESSES_FROM) {
    atlas.look(zoomed(view.value, 4, { x, y }, size.value));
    return;
  }
  openAddress(atlas, curve.value.indexAt(cell));
}

function openAddress(atlas: Atlas, index: number): void {
  const found = atlas.describe(index);
  if (found !== undefined && found.state !== 'outside') go(to('address', found.address));
}

const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** @returns whether the key means something here */
function pressed(atlas: Atlas, key: string): boolean {
  const { view, size, focus } = atlas;
  const middle = { x: size.value.width / 2, y: size.value.height / 2 };
  const arrow = ARROWS[key];
  if (arrow !== undefined) {
    if (view.value.scale < ADDRESSES_FROM) atlas.look(moved(view.value, arrow[0] * PAN, arrow[1] * PAN, size.value));
    else walk(atlas, arrow);
  } else if (key === '+' || key === '=')
    atlas.look(zoomed(view.value, STEP, placeOfFocus(atlas) ?? middle, size.value));
  else if (key === '-' || key === '_')
    atlas.look(zoomed(view.value, 1 / STEP, placeOfFocus(atlas) ?? middle, size.value));
  else if (key === '0') atlas.fit();
  else if (key === 'Enter' && view.value.scale < ADDRESSES_FROM) atlas.look(zoomed(view.value, 4, middle, size.value));
  else if (key === 'Enter' && focus.value !== undefined) openAddress(atlas, focus.value);
  else return false;
  return true;
}

function placeOfFocus({ focus, curve, view, size }: Atlas): { x: number; y: number } | undefined {
  if (focus.value === undefined) return undefined;
  const { x, y } = shown(view.value, { ...curve.value.cellOf(focus.value), width: 1, height: 1 });
  const isSeen = x >= 0 && y >= 0 && x < size.value.width && y < size.value.height;
  return isSeen ? { x: x + view.value.scale / 2, y: y + view.value.scale / 2 } : undefined;
}

/** To the neighbour on the screen. What has the focus stays on it. */
function walk(atlas: Atlas, [right, down]: readonly [number, number]): void {
  const { view, size, curve, focus } = atlas;
  const { width, height } = size.value;
  const from = placeOfFocus(atlas);
  const middle = cellAt(view.value, width / 2, height / 2);
  const before = focus.value !== undefined && from !== undefined ? curve.value.cellOf(focus.value) : undefined;
  const next = before === undefined ? middle : { x: before.x + right, y: before.y + down };
  if (next === undefined || next.x < 0 || next.y < 0) return;
  focus.value = curve.value.indexAt(next);
  const { x, y } = shown(view.value, { ...next, width: 1, height: 1 });
  const over = (at: number, end: number) =>
    at < 24 ? at - 24 : at > end - 24 - view.value.scale ? at - end + 24 + view.value.scale : 0;
  atlas.look(moved(view.value, over(x, width), over(y, height), size.value));
  const { scale } = view.value;
  const now = shown(view.value, { ...next, width: 1, height: 1 });
  atlas.pointer.value = { index: focus.value, x: now.x + scale, y: now.y + scale };
}
