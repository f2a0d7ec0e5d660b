/** How full a pool is, counted slot by slot. */
import type { UsageResult } from '../../core/contract/usage.ts';
import type { Call, Dependencies } from './dependencies.ts';
import { namedPool } from './list-leases.ts';
import { type ReadBlock, readPool } from './read-pool.ts';

type Part = NonNullable<UsageResult['parts']>[number];

/** @throws LessorError pool.unknown, service.busy */
export async function usage(
  deps: Dependencies,
  call: Call,
  { vrf, name, by }: { vrf: string; name: string; by: 'block' | 'node' | 'namespace' | undefined },
): Promise<UsageResult> {
  const pool = await namedPool(deps, vrf, name);
  const { definition, space, state } = pool;
  const now = deps.now();
  const total = { held: 0, cooling: 0 };
  const parts = new Map<string, { held: number; cooling: number; node?: string }>();
  let claimedBlocks = 0;
  for await (const read of readPool(deps, call, pool)) {
    if (read.state?.state === 'claimed' || read.state?.state === 'releasing') claimedBlocks += 1;
    for (const [slot, { held, reusableAt, holding }] of read.slots) {
      if (!space.isUsable(read.block, slot) || !(held || reusableAt > now)) continue;
      const kind = held ? 'held' : 'cooling';
      total[kind] += 1;
      if (by === undefined) continue;
      const of = { block: read.block.toString(16), node: holding?.node, namespace: holding?.pod?.namespace }[by] ?? '';
      const part = parts.get(of) ?? { held: 0, cooling: 0, ...ownerOf(by, read) };
      part[kind] += 1;
      parts.set(of, part);
    }
  }
  return {
    pool: definition.name,
    vrf,
    state,
    affinity: definition.affinity,
    ...total,
    free: String(space.capacity - BigInt(total.held + total.cooling)),
    capacity: String(space.capacity),
    ...(definition.affinity === 'node' ? { claimedBlocks } : {}),
    ...(by === undefined ? {} : { parts: sorted(parts) }),
    at: new Date(now).toISOString(),
  };
}

const ownerOf = (by: string, { state }: ReadBlock): { node?: string } =>
  by === 'block' && state?.owner ? { node: state.owner.node } : {};

function sorted(parts: ReadonlyMap<string, Omit<Part, 'of'>>): Part[] {
  return [...parts]
    .map(([of, counts]) => ({ of, ...counts }))
    .sort((a, b) => b.held - a.held || b.cooling - a.cooling || (a.of < b.of ? -1 : 1));
}
