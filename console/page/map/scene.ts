/** What is drawn, and what whoever draws finds that he has to know. */
import type { LeaseRow } from '../../../core/contract/lease.ts';
import type { Curve } from '../space/curves.ts';
import type { Colours } from './colours.ts';
import type { Scope } from './scope.ts';
import type { Size, View } from './view.ts';

export interface Scene {
  readonly view: View;
  readonly size: Size;
  readonly curve: Curve;
  readonly scope: Scope;
  readonly colours: Colours;
  /** From 0 to 1; undefined where it is not known. */
  shareOf(pool: string): number | undefined;
  /** How much of a block is held or cools; undefined where that of the pool is not known block by block. */
  blockShares(pool: string): ReadonlyMap<bigint, number> | undefined;
  leasesIn(pool: string, block: bigint): readonly LeaseRow[] | undefined;
  /** Undefined: by state. */
  colourOf: ((row: LeaseRow) => string) | undefined;
  readonly focus: number | undefined;
  /** What somebody thinks of making. */
  readonly planned: readonly { readonly first: number; readonly last: number }[];
}

/** What is on the screen: whoever draws it has to know more of it. */
export interface Wanted {
  readonly pools: ReadonlySet<string>;
  /** Pools of which the blocks could be told apart. */
  readonly byBlock: ReadonlySet<string>;
  /** Blocks whose addresses are seen. */
  readonly blocks: readonly { readonly pool: string; readonly from: bigint; readonly to: bigint }[];
}
