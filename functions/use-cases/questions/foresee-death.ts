/** What a declaration of death would do, and what the reclaim would free after it: the dry run, which changes nothing. */

import { most } from '../../../core/contract/limits.ts';
import type { DeclareDeathRequest, DeclareDeathResult, Foreseen } from '../../../core/contract/nodes.ts';
import type { NodeState } from '../../../core/protocol/node.ts';
import { type BlockKey, blockKeyFromText, blockToText } from '../../../core/protocol/slot-ref.ts';
import { deadShareOf, knowPoolsOf, type Life } from '../blocks/dead-block.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { whileTime } from '../in-flight.ts';
import { knownPool } from '../known-pools.ts';
import { deathNow, deathOf, dyingNode } from '../nodes/declare-death.ts';
import { heardOf, isLately, LATELY_MS } from '../nodes/heard-of.ts';

/** What remains of the request's time must suffice for what is under way, and for an answer. */
const RESERVE_MS = 2_500;

type ForeseenBlock = Foreseen['blocks'][number];

/** @throws LessorError node.unknown */
export async function foreseeDeath(
  deps: Dependencies,
  call: Call,
  { node: id, reason, alsoIfAlive = false }: DeclareDeathRequest,
): Promise<DeclareDeathResult> {
  const node = await dyingNode(deps, id);
  const { diedAt, alive } = node;
  const there =
    alive || diedAt === undefined ? undefined : await deps.store.nodes.readDeath({ node: id, declaredAt: diedAt });
  const death = deathOf(there ?? deathNow(deps, node, { reason, declaredBy: call.caller }));
  const heard = alive ? await heardOf(deps, call, node, deps.now() - LATELY_MS) : undefined;
  const wouldFree = await foresee(deps, call, node);
  const life = `life ${node.incarnation} of node ${id}`;
  const lately = heard !== undefined && isLately(deps, heard);
  const refused = lately && !alsoIfAlive;
  const doubts = [
    ...(heard === undefined ? [] : [`it was last heard of at ${new Date(heard).toISOString()}`]),
    ...(refused
      ? ['so shortly after that the declaration is refused, unless you insist (alsoIfAlive: true, or --also-if-alive)']
      : []),
  ];
  return {
    ...death,
    dryRun: true,
    effects: alive
      ? [`${life} is declared over: make certain that nothing of it runs any more`, ...doubts, freedText(wouldFree)]
      : [`${life} was declared over already, at ${death.declaredAt}: nothing is changed`, freedText(wouldFree)],
    wouldFree,
    ...(heard === undefined ? {} : { heardOfAt: new Date(heard).toISOString() }),
    ...(alive ? { refused } : {}),
  };
}

export async function foresee(
  deps: Dependencies,
  call: Call,
  { id, incarnation, joinedBlocks }: NodeState,
): Promise<Foreseen> {
  const life = { node: id, incarnation };
  const keys = [...joinedBlocks].map(blockKeyFromText);
  await knowPoolsOf(deps, keys);
  const looked = await whileTime(call, RESERVE_MS, keys, (key) => foreseeBlock(deps, key, life));
  const blocks = looked
    .filter((block): block is ForeseenBlock => block !== undefined)
    .sort((a, b) => b.leases - a.leases || (a.pool < b.pool ? -1 : 1));
  return {
    leases: blocks.reduce((sum, { leases }) => sum + leases, 0),
    blocks: blocks.slice(0, most.blocksForeseen),
    complete: looked.length === keys.length && blocks.length <= most.blocksForeseen,
  };
}

async function foreseeBlock(deps: Dependencies, key: BlockKey, life: Life): Promise<ForeseenBlock | undefined> {
  const share = await deadShareOf(deps, key, life);
  const owned = share.kind === 'block';
  const leases = owned ? await heldIn(deps, key) : share.slots.length;
  if (leases === 0 && !owned) return undefined;
  const { vrf = '', name = key.pool } = (await knownPool(deps, key.pool))?.definition ?? {};
  return { pool: name, vrf, block: blockToText(key.block), leases, owned };
}

const heldIn = async ({ store }: Dependencies, key: BlockKey): Promise<number> =>
  [...(await store.leases.readBlock(key)).values()].filter(({ held }) => held).length;

function freedText({ leases, blocks, complete }: Foreseen): string {
  const owned = blocks.filter((block) => block.owned).length;
  const pools = [...new Set(blocks.map(({ pool, vrf }) => `${pool} of VRF ${vrf}`))];
  const where = pools.length === 0 ? '' : `, in pool ${pools.join(', ')}`;
  const least = complete ? '' : 'at least ';
  return `the reclaim frees ${least}${quantity(leases, 'lease')} and takes back ${least}${quantity(owned, 'block')}${where}`;
}

const quantity = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;
