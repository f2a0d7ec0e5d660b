/** Which addresses a node or a pod has. */
import pMap from 'p-map';
import type { LeaseRow } from '../../../core/contract/lease.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import type { LeasesQuery, LeasesResult } from '../../../core/contract/questions.ts';
import type { NodeState } from '../../../core/protocol/node.ts';
import type { BlockKey } from '../../../core/protocol/slot-ref.ts';
import { fromSlot, joinedFrom, type Position, positionOf, positions } from '../cursors.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { asyncChunks, READS_AT_ONCE } from '../in-flight.ts';
import { knownPool } from '../known-pools.ts';
import type { KnownPool } from '../memory.ts';
import { unknownNode } from '../nodes/membership.ts';
import { pageOf } from '../pages.ts';
import { blocksInOrder, type ListedBlock } from '../pools/blocks-in-order.ts';
import { leasesIn } from './list-leases.ts';

/** @throws LessorError request.invalid, node.unknown */
export async function findLeases(deps: Dependencies, call: Call, wanted: LeasesQuery): Promise<LeasesResult> {
  const { vrf, node, namespace, pod, cursor } = wanted;
  if (pod === undefined) ensureSaysWhose(wanted);
  const isWanted = (row: LeaseRow) =>
    (node === undefined || row.node === node) &&
    (namespace === undefined || row.pod?.namespace === namespace) &&
    (pod === undefined || row.pod?.name === pod);
  const { rows, nextCursor } = await pageOf<BlockOf, Row>(call, {
    keys:
      node === undefined
        ? blocksOfVrf(deps, vrf, cursor)
        : blocksOfNode(deps, vrf, await knownNode(deps, node), cursor),
    read: async (one) => {
      const rows = (await leasesIn(deps, one.of, one)).filter(isWanted);
      return fromSlot(keyOf(one), cursor, rows).map((row) => ({ ...row, pool: one.of.definition.name }));
    },
    after: (one) => positions.after(keyOf(one)),
    at: (one, row) => positions.at(keyOf(one), row),
  });
  return { leases: [...rows], ...(nextCursor === undefined ? {} : { nextCursor }) };
}

/** @throws LessorError request.invalid */
export function ensureSaysWhose({ node, namespace, pod }: Pick<LeasesQuery, 'node' | 'namespace' | 'pod'>): void {
  if (node === undefined && namespace === undefined) {
    const remedy = 'give node=<id>, or namespace=<namespace> and perhaps pod=<name>';
    throw new LessorError('request.invalid', `query says neither of which node nor of which pods`, { remedy });
  }
  if (pod !== undefined && namespace === undefined)
    throw new LessorError('request.invalid', `query.pod ${pod} has no namespace`, {
      remedy: 'give namespace=<namespace> too',
    });
}

type Row = LeaseRow & { pool: string };

/** A block, and the pool that it is of. */
interface BlockOf extends ListedBlock {
  readonly of: KnownPool;
}
const keyOf = ({ of, block }: BlockOf): BlockKey => ({ pool: of.definition.id, block });

async function knownNode({ store }: Dependencies, id: string): Promise<NodeState> {
  const node = await store.nodes.readNode(id);
  if (node === undefined) throw unknownNode(id);
  return node;
}

/** A node's item has every block in which it may hold a lease. */
async function* blocksOfNode(
  deps: Dependencies,
  vrf: string,
  { joinedBlocks }: NodeState,
  cursor: string | undefined,
): AsyncGenerator<BlockOf> {
  for await (const keys of asyncChunks(joinedFrom(joinedBlocks, cursor), READS_AT_ONCE)) {
    const ids = [...new Set(keys.map(({ pool }) => pool))];
    const pools = await pMap(ids, (id) => knownPool(deps, id), { concurrency: READS_AT_ONCE });
    for (const { pool, block } of keys) {
      const of = pools[ids.indexOf(pool)];
      if (of?.definition.vrf === vrf) yield { of, block };
    }
  }
}

/** No index has pods: every pool of the VRF is gone through, in the order of their ids. */
async function* blocksOfVrf(deps: Dependencies, vrf: string, cursor: string | undefined): AsyncGenerator<BlockOf> {
  const begin = cursor === undefined ? undefined : positionOf(cursor);
  const { pools } = await deps.store.pools.readRegistry(vrf);
  const ids = pools.map(({ id }) => id).filter((id) => begin === undefined || id >= begin.pool);
  for await (const some of asyncChunks(ids.sort(), READS_AT_ONCE)) {
    // Each pool is begun with the others: the first look at a pool may be two requests.
    const begun = await pMap(some, (id) => beginPool(deps, id, begin), { concurrency: READS_AT_ONCE });
    for (const { of, blocks, first } of begun.flat()) {
      if (first.done) continue;
      yield { of, ...first.value };
      for await (const one of blocks) yield { of, ...one };
    }
  }
}

/** None where the pool is gone meanwhile. */
async function beginPool(deps: Dependencies, id: string, begin: Position | undefined) {
  const of = await knownPool(deps, id);
  if (of === undefined) return [];
  const isHere = begin?.pool === id;
  const from = isHere ? begin.block + (begin.slot === undefined ? 1n : 0n) : 0n;
  const blocks = blocksInOrder(deps, of, from);
  return [{ of, blocks, first: await blocks.next() }];
}
