/** That a node is up, said by itself: shown to people, never evidence of anything. */
import pMap from 'p-map';
import type { HeartbeatRequest, HeartbeatResult, JournalView } from '../../../core/contract/heartbeat.ts';
import type { NodeView } from '../../../core/contract/nodes.ts';
import type { SaidOfJournal } from '../../../core/protocol/node.ts';
import { type BlockKey, blockKeyFromText, blockToText } from '../../../core/protocol/slot-ref.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { READS_AT_ONCE } from '../in-flight.ts';
import { knownPool } from '../known-pools.ts';
import { unknownNode, whereaboutsOf } from './membership.ts';

/**
 * Makes no node and begins no life: a node that never leased anything has nothing to lose. Whether the life is over is read from the
 * node itself; what it says goes into the list, which an earlier version did not have: a node comes to be listed by it.
 */
export async function heartbeat(
  { store, now }: Dependencies,
  call: Call,
  { boot, name, version, region, journal }: HeartbeatRequest,
): Promise<HeartbeatResult> {
  const { caller } = call;
  const node = await store.nodes.readNode(caller);
  if (node === undefined || node.boot !== boot) return { node: caller, declaredDead: false };
  const { incarnation, alive } = node;
  if (!alive) return { node: caller, declaredDead: true, incarnation };
  const at = now();
  await store.nodes.noteHeartbeat(caller, {
    ...{ incarnation, heartbeatAt: at },
    ...whereaboutsOf(call),
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    ...(region === undefined ? {} : { region }),
    ...(journal === undefined ? {} : { journal: { at, report: journal } }),
  });
  return { node: caller, declaredDead: false };
}

export const journalView = ({ at, report }: SaidOfJournal): JournalView => ({
  at: new Date(at).toISOString(),
  ...report,
});

/** Pools whose names are told: so many reads at most. */
const NAMED = 64;

async function namesOf(deps: Dependencies, pools: ReadonlySet<string>) {
  const found = await pMap([...pools].slice(0, NAMED), (id) => knownPool(deps, id), { concurrency: READS_AT_ONCE });
  return new Map(
    found.flatMap((pool) => {
      if (pool === undefined) return [];
      const { id, name, vrf } = pool.definition;
      return [[id, { name, vrf }] as const];
    }),
  );
}

/** @throws LessorError node.unknown */
export async function readNode(deps: Dependencies, id: string): Promise<NodeView> {
  const { nodes } = deps.store;
  const [node, said] = await Promise.all([nodes.readNode(id), nodes.readHeartbeat(id)]);
  if (node === undefined) throw unknownNode(id);
  const { alive, incarnation, boot, joinedBlocks } = node;
  const { heartbeatAt, name, version, journal } = said ?? {};
  const keys = [...joinedBlocks].map(blockKeyFromText).sort(byPoolAndBlock);
  const names = await namesOf(deps, new Set(keys.map(({ pool }) => pool)));
  return {
    node: id,
    alive,
    incarnation,
    boot,
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    ...(heartbeatAt === undefined ? {} : { heartbeatAt: new Date(heartbeatAt).toISOString() }),
    ...(journal === undefined ? {} : { journal: journalView(journal) }),
    blocks: keys.map(({ pool, block }) => ({ pool, block: blockToText(block), ...names.get(pool) })),
  };
}

const byPoolAndBlock = (a: BlockKey, b: BlockKey): number =>
  a.pool === b.pool ? Number(a.block > b.block) - Number(a.block < b.block) : a.pool < b.pool ? -1 : 1;
