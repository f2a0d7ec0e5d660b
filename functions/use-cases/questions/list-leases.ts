/** What operators ask of a pool: its definition, who holds its addresses, which are cooling. */

import type { LeaseRow } from '../../../core/contract/lease.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import type { ListLeasesQuery, ListLeasesResult } from '../../../core/contract/questions.ts';
import type { SlotState } from '../../../core/protocol/lease.ts';
import { blockFromText, type SlotKey, slotToWire } from '../../../core/protocol/slot-ref.ts';
import { offsetOf, offsetToText } from '../cursors.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import type { KnownPool } from '../memory.ts';
import { pageOf } from '../pages.ts';
import { blocksInOrder, type ListedBlock } from '../pools/blocks-in-order.ts';
import { namedPool } from '../pools/named-pool.ts';

/** @throws LessorError request.invalid, pool.unknown */
export async function listLeases(
  deps: Dependencies,
  call: Pick<Call, 'remainingMs'>,
  { vrf, name, cursor, fromBlock, toBlock }: ListLeasesQuery & { readonly name: string },
): Promise<ListLeasesResult> {
  const end = toBlock === undefined ? undefined : blockFromText(toBlock);
  if (end !== undefined && end < blockFromText(fromBlock ?? '0'))
    throw new LessorError('request.invalid', `query.toBlock ${toBlock} comes before query.fromBlock ${fromBlock}`, {
      remedy: 'give them the other way round',
    });
  const pool = await namedPool(deps, vrf, name);
  const { definition, space } = pool;
  const begin = offsetOf(cursor ?? fromBlock);
  const { rows, nextCursor } = await pageOf<ListedBlock, LeaseRow>(call, {
    keys: upTo(end, blocksInOrder(deps, pool, begin.block)),
    read: async (one) => {
      const rows = await leasesIn(deps, pool, one);
      return one.block === begin.block ? rows.filter(({ slot }) => slot.slot >= begin.slot) : rows;
    },
    after: ({ block }) => offsetToText({ block: block + 1n, slot: 0 }),
    at: ({ block }, { slot }) => offsetToText({ block, slot: slot.slot }),
    beside: definition,
  });
  return {
    pool: definition,
    capacity: String(space.capacity),
    leases: [...rows],
    ...(nextCursor === undefined ? {} : { nextCursor }),
  };
}

async function* upTo(end: bigint | undefined, blocks: AsyncIterable<ListedBlock>): AsyncGenerator<ListedBlock> {
  for await (const one of blocks) {
    if (end !== undefined && one.block > end) return;
    yield one;
  }
}

/** What is held or cooling in a block. */
export async function leasesIn(
  deps: Dependencies,
  pool: KnownPool,
  { block, isUnused }: ListedBlock,
): Promise<LeaseRow[]> {
  if (isUnused) return [];
  return rowsIn(pool, block, await deps.store.leases.readBlock({ pool: pool.definition.id, block }), deps.now());
}

/** What is held or cooling among `slots`, in their order. */
export function rowsIn(
  { definition, space }: KnownPool,
  block: bigint,
  slots: ReadonlyMap<number, SlotState>,
  now: number,
): LeaseRow[] {
  const inOrder = [...slots].sort(([a], [b]) => a - b);
  return inOrder.flatMap(([slot, state]) => {
    const current = state.held || state.reusableAt > now;
    if (!current) return [];
    const addresses = space.addresses(block, slot).map(({ address }) => address);
    return rowOf({ pool: definition.id, block, slot }, state, addresses);
  });
}

function rowOf(key: SlotKey, { held, reusableAt, holding }: SlotState, addresses: string[]): LeaseRow[] {
  if (holding === undefined) return [];
  const { attachment, node, incarnation, heldAt, pod, identity } = holding;
  return [
    {
      state: held ? 'held' : 'cooling',
      addresses,
      slot: slotToWire(key),
      node,
      incarnation,
      attachment,
      heldAt: new Date(heldAt).toISOString(),
      ...(held ? {} : { reusableAt: new Date(reusableAt).toISOString() }),
      ...(pod ? { pod } : {}),
      ...(identity === undefined ? {} : { identity }),
    },
  ];
}
