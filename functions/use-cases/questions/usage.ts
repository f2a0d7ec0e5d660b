/** How full a pool is: counted slot by slot, or as the counters have it. */

import { LessorError } from '../../../core/contract/problems.ts';
import type { UsageResult } from '../../../core/contract/questions.ts';
import { blockToText } from '../../../core/protocol/slot-ref.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import type { KnownPool } from '../memory.ts';
import { namedPool } from '../pools/named-pool.ts';
import { type ReadBlock, readPool } from '../pools/read-pool.ts';
import { blockUsage } from './block-usage.ts';

type Part = NonNullable<UsageResult['parts']>[number];

interface Question {
  readonly vrf: string;
  readonly name: string;
  readonly by: 'block' | 'node' | 'namespace' | undefined;
  readonly cheap?: boolean;
  /** Whose share is told as well, where blocks belong to nodes. */
  readonly node?: string | undefined;
}

/** @throws LessorError pool.unknown, service.busy, request.invalid */
export async function usage(deps: Dependencies, call: Call, question: Question): Promise<UsageResult> {
  const { vrf, name, by, cheap = false, node } = question;
  if (cheap) return countedUsage(deps, question);
  const pool = await namedPool(deps, vrf, name);
  const { definition, space, state } = pool;
  const owned = definition.affinity === 'node' ? blockUsage(pool, node) : undefined;
  if (node !== undefined && owned === undefined) throw ofNoNode(pool);
  const now = deps.now();
  const total = { held: 0, cooling: 0 };
  // What was excluded after it was leased, or is reserved, takes nothing of what is free for all.
  let used = 0n;
  const parts = new Map<string, { held: number; cooling: number; node?: string }>();
  for await (const read of readPool(deps, call, pool)) {
    let usedHere = 0;
    for (const [slot, { held, reusableAt, holding }] of read.slots) {
      if (holding === undefined || !(held || reusableAt > now)) continue;
      const kind = held ? 'held' : 'cooling';
      if (space.isUsable(read.block, slot)) usedHere += 1;
      total[kind] += 1;
      if (by === undefined) continue;
      const of = { block: blockToText(read.block), node: holding?.node, namespace: holding?.pod?.namespace }[by] ?? '';
      const part = parts.get(of) ?? { held: 0, cooling: 0, ...ownerOf(by, read) };
      part[kind] += 1;
      parts.set(of, part);
    }
    used += BigInt(usedHere);
    owned?.count(read, usedHere);
  }
  const free = space.capacity - space.reserved - used;
  return {
    pool: definition.name,
    vrf,
    state,
    affinity: definition.affinity,
    source: 'exact',
    ...total,
    free: String(free),
    capacity: String(space.capacity),
    reserved: String(space.reserved),
    ...owned?.result(free),
    ...(by === undefined ? {} : { parts: sorted(parts) }),
    at: new Date(now).toISOString(),
  };
}

const ofNoNode = ({ definition: { name } }: KnownPool) =>
  new LessorError('request.invalid', `query.node: blocks of pool ${name} belong to no node`, {
    remedy: 'leave it out: any node may get what is free',
  });

async function countedUsage(deps: Dependencies, { vrf, name, by, node }: Question): Promise<UsageResult> {
  if (by === 'block' || by === 'node') {
    const remedy = 'leave out cheap, or give by=namespace';
    throw new LessorError('request.invalid', `query.by: ${by} is not known by the counters`, { remedy });
  }
  if (node !== undefined)
    throw new LessorError('request.invalid', `query.node: ${node} is not known by the counters`, {
      remedy: 'leave out cheap, or node',
    });
  const { definition, space, state } = await namedPool(deps, vrf, name);
  const total = await deps.store.counters.read({ pool: definition.id });
  const namespaces = by === undefined ? [] : [...(await deps.store.counters.readNamespaces(definition.id))];
  const parts = namespaces.filter(([, { held }]) => held > 0).map(([of, { held }]) => [of, { held }] as const);
  return {
    pool: definition.name,
    vrf,
    state,
    affinity: definition.affinity,
    source: 'counted',
    // A recount may find late that too many were counted as released.
    held: Math.max(0, total?.held ?? 0),
    capacity: String(space.capacity),
    reserved: String(space.reserved),
    ...(by === undefined ? {} : { parts: sorted(new Map(parts)) }),
    at: new Date(deps.now()).toISOString(),
  };
}

const ownerOf = (by: string, { state }: ReadBlock): { node?: string } =>
  by === 'block' && state?.owner ? { node: state.owner.node } : {};

function sorted(parts: ReadonlyMap<string, Omit<Part, 'of'>>): Part[] {
  return [...parts]
    .map(([of, counts]) => ({ of, ...counts }))
    .sort((a, b) => b.held - a.held || (b.cooling ?? 0) - (a.cooling ?? 0) || (a.of < b.of ? -1 : 1));
}
