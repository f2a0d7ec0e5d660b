/** Which part of the square is on the screen: pixels a cell, and the cell in the upper left corner. */
import { type MapCell, type Rect, SIDE } from '../space/curves.ts';

export interface View {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

const MOST = 44;
/** Of the square so much stays on the screen. */
const LEAST = 0.5;

/** A pool is seen from as far as one may go: so many pixels at least. */
export const LEAST_PIXELS = 7;

/** Pixels a cell from which on single addresses are shown. */
export const ADDRESSES_FROM = 4;

export function fitted(rect: Rect, { width, height }: Size, most = MOST): View {
  const scale = Math.min(most, (width * 0.9) / rect.width, (height * 0.9) / rect.height);
  return {
    scale,
    x: rect.x + rect.width / 2 - width / 2 / scale,
    y: rect.y + rect.height / 2 - height / 2 / scale,
  };
}

/** Nearer or farther, where the pixel stays on its cell. */
export function zoomed(view: View, factor: number, at: MapCell, { width, height }: Size): View {
  const least = (LEAST * Math.min(width, height)) / SIDE;
  const scale = Math.min(MOST, Math.max(least, view.scale * factor));
  return { scale, x: view.x + at.x / view.scale - at.x / scale, y: view.y + at.y / view.scale - at.y / scale };
}

/** By pixels. The middle of the screen stays in the square. */
export function moved(view: View, byX: number, byY: number, { width, height }: Size): View {
  const within = (at: number, half: number) => Math.min(SIDE - half, Math.max(-half, at));
  const { scale } = view;
  return {
    scale,
    x: within(view.x + byX / scale, width / 2 / scale),
    y: within(view.y + byY / scale, height / 2 / scale),
  };
}

export const cellAt = ({ scale, x, y }: View, px: number, py: number): MapCell | undefined => {
  const cell = { x: Math.floor(x + px / scale), y: Math.floor(y + py / scale) };
  return cell.x < 0 || cell.y < 0 || cell.x >= SIDE || cell.y >= SIDE ? undefined : cell;
};

/** In pixels. */
export const shown = ({ scale, x, y }: View, rect: Rect): Rect => ({
  x: (rect.x - x) * scale,
  y: (rect.y - y) * scale,
  width: rect.width * scale,
  height: rect.height * scale,
});

export const isOn = ({ x, y, width, height }: Rect, size: Size): boolean =>
  x < size.width && y < size.height && x + width > 0 && y + height > 0;
