/** The state of a map: its view, what it is of, where the pointer and the focus are. */
import type { ReadonlySignal, Signal } from '@preact/signals';
import type { LeaseRow } from '../../../core/contract/lease.ts';
import type { Curve } from '../space/curves.ts';
import type { Colours } from './colours.ts';
import type { Described } from './describe.ts';
import type { Planned } from './planned.ts';
import type { Wanted } from './scene.ts';
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
  /** Whether single addresses are seen. */
  readonly isNear: ReadonlySignal<boolean>;
  readonly focus: Signal<number | undefined>;
  readonly planned: Signal<readonly Planned[]>;
  /** Where the pointer is, or the focus came to last. */
  readonly pointer: Signal<Pointer | undefined>;
  /** What is there, as far as it is known by now. */
  readonly pointed: ReadonlySignal<Pointed | undefined>;
  readonly size: Signal<Size>;
  readonly colours: Signal<Colours>;
  /** What was seen when it was drawn last. */
  readonly wanted: Signal<Wanted>;
  /** All of it; and again where it grows, or the screen does, until the person goes elsewhere. */
  fit(): void;
  /** The person goes there. */
  look(view: View): void;
  /** All of these. */
  showAll(spans: readonly { readonly first: number; readonly last: number }[]): void;
  describe(index: number): Described | undefined;
  close(): void;
}
