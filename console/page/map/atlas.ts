/** The state of a map: its view, what it is of, where the pointer and the focus are. */
import type { ReadonlySignal, Signal } from '@preact/signals';
import type { LeaseRow } from '../../../core/contract/lease.ts';
import type { Curve } from '../space/curves.ts';
import type { Colours } from './colours.ts';
import type { Described } from './describe.ts';
import type { Scene, Wanted } from './scene.ts';
import type { Scope } from './scope.ts';
import type { Size, View } from './view.ts';

export interface Pointer {
  readonly index: number;
  /** Pixels, of the canvas. */
  readonly x: number;
  readonly y: number;
}

export interface Pointed extends Pointer, Described {}

export interface Atlas {
  readonly scope: Signal<Scope>;
  readonly curve: Signal<Curve>;
  readonly colourOf: Signal<((row: LeaseRow) => string) | undefined>;
  readonly view: Signal<View>;
  readonly focus: Signal<number | undefined>;
  readonly planned: Signal<Scene['planned']>;
  /** Where the pointer is, or the focus came to last. */
  readonly pointer: Signal<Pointer | undefined>;
  /** What is there, as far as it is known by now. */
  readonly pointed: ReadonlySignal<Pointed | undefined>;
  readonly size: Signal<Size>;
  readonly colours: Signal<Colours>;
  /** What was seen when it was drawn last. */
  readonly wanted: Signal<Wanted>;
  /** Milliseconds that drawing took the last time. */
  readonly drawnIn: Signal<number>;
  /** All of it; and again where it grows, or the screen does, until the person goes elsewhere. */
  fit(): void;
  /** The person goes there. */
  look(view: View): void;
  show(first: number, last: number): void;
  describe(index: number): Described | undefined;
  close(): void;
}
