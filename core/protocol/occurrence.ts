/** What happened, as a change of the table of pools, blocks and nodes tells it. Times are milliseconds since 1970. */
import type { BlockOwner } from './block.ts';
import type { FillLevel, PoolFill } from './fill.ts';
import type { DeathRecord } from './node.ts';
import type { BlockKey } from './slot-ref.ts';

export type Occurrence =
  /** A life was marked as over, which is what counts. */
  | { readonly is: 'node-dead'; readonly node: string; readonly incarnation: number; readonly declaredAt: number }
  /** `freed` by one run, and `death.freed` in all; `complete`: it came to its end. */
  | {
      readonly is: 'swept';
      readonly death: DeathRecord;
      readonly freed: number;
      readonly complete: boolean;
      readonly at: number;
    }
  | ({ readonly is: 'block-claimed' } & BlockTurn)
  /** `forced`: on evidence that the life of its owner is over. */
  | ({ readonly is: 'block-returned'; readonly forced: boolean } & BlockTurn)
  | { readonly is: 'pool-filled'; readonly pool: string; readonly before: FillLevel; readonly fill: PoolFill };

interface BlockTurn {
  readonly key: BlockKey;
  readonly generation: number;
  readonly owner: BlockOwner;
  readonly at: number;
}
