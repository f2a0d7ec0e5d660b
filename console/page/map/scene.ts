/** What is drawn, and what whoever draws finds that he has to know. */
import type { LeaseRow } from '../../../core/contract/lease.ts';
import type { PoolView } from '../../../core/contract/pool.ts';
import type { BlockUse } from '../fleet/block-use.ts';
import type { Curve, Rect } from '../space/curves.ts';
import type { Colours } from './colours.ts';
import type { Planned } from './planned.ts';
import type { Area, Scope } from './scope.ts';
import type { Size, View } from './view.ts';

export interface Scene {
  readonly view: View;
  readonly size: Size;
  readonly curve: Curve;
  readonly scope: Scope;
  readonly colours: Colours;
  /** From 0 to 1; undefined where it is not known. */
  shareOf(pool: PoolView): number | undefined;
  /** The colour of what is so full, from 0 to 1. */
  fillOf(share: number): string;
  /** Undefined where it is not known block by block. */
  blockUses(pool: string): ReadonlyMap<bigint, BlockUse> | undefined;
  leasesIn(pool: string, block: bigint): readonly LeaseRow[] | undefined;
  /** Undefined: by state. */
  colourOf: ((row: LeaseRow) => string) | undefined;
  readonly focus: number | undefined;
  /** What somebody thinks of making. */
  readonly planned: readonly Planned[];
}

/** By pool. */
export type WantedBlocks = ReadonlyMap<string, readonly { readonly from: bigint; readonly to: bigint }[]>;

/** What is on the screen: whoever draws it has to know more of it. */
export interface Wanted {
  /** Pools of which the blocks are told apart, the largest on the screen first. */
  readonly byBlock: readonly string[];
  /** Blocks whose addresses are seen. */
  readonly blocks: WantedBlocks;
}

/** A part of a pool that is on the screen, in pixels. */
export interface VisibleArea {
  readonly area: Area;
  readonly on: readonly Rect[];
}
