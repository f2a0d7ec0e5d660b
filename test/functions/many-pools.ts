/** A VRF of as many pools as a test wants, each with an item and an entry of its own. */
import * as z from 'zod/mini';
import { type PoolDefinition, type PoolPolicy, poolPolicy } from '../../core/contract/pool.ts';
import { resolvePoolShape } from '../../core/pools/pool-shape.ts';
import { entryOf } from '../../core/pools/registry.ts';
import type { Store } from '../../core/store.ts';
import { newPool } from '../../functions/use-cases/pools/open-blocks.ts';
import { START } from './world.ts';

const TEAMS = ['payments', 'checkout', 'search', 'identity', 'ledger', 'mail', 'batch', 'observability'];
const REGIONS = ['eu-central-1', 'us-east-1', 'ap-southeast-2'];

/** Such as an operator gives: up to 40 characters. */
export const nameOf = (n: number): string =>
  `team-${TEAMS[n % TEAMS.length]}-${REGIONS[n % REGIONS.length]}-${n}`.slice(0, 40);

/** Numbers that look like chance, the same in each run. */
const mixed = (n: number): number => Math.imul(n + 1, 0x9e3779b1) >>> 0;

/** Each has one or two ranges, and a selector: a namespace, or two labels. */
export function manyDefinitions(
  count: number,
  policyOf: (n: number) => Partial<PoolPolicy> = selectorOf,
): PoolDefinition[] {
  return Array.from({ length: count }, (_, n): PoolDefinition => {
    const subnet = (first: number) => ({ subnet: `${first + (n >> 12)}.${(n >> 4) & 255}.${(n & 15) * 16}.0/20` });
    const ranges = [n % 2 === 0 ? [subnet(10)] : [subnet(10), subnet(40)]];
    const shape = resolvePoolShape({ ranges, blockSize: 64, gateway: 'pool', affinity: 'shared', exclude: [] });
    if (!shape.ok) throw new Error(shape.problem);
    return {
      ...z.parse(poolPolicy, policyOf(n)),
      ...shape.value,
      id: `${mixed(n).toString(16).padStart(8, '0')}${mixed(n ^ 0x5bd1e995)
        .toString(16)
        .padStart(8, '0')}`,
      vrf: 'default',
      name: nameOf(n),
      affinity: 'shared',
      gateway: 'pool',
      blockSize: 64,
      createdAt: new Date(START).toISOString(),
    };
  });
}

const selectorOf = (n: number): Partial<PoolPolicy> =>
  n % 2 === 0
    ? { namespaces: [`${TEAMS[mixed(n) % TEAMS.length]}-${n}`] }
    : { nodeLabels: { 'topology.kubernetes.io/zone': `eu-central-1${'abc'[n % 3]}`, 'example.com/rack': `rack-${n}` } };

export async function manyPools(
  { store }: { store: Store },
  count: number,
  policyOf?: (n: number) => Partial<PoolPolicy>,
): Promise<PoolDefinition[]> {
  const definitions = manyDefinitions(count, policyOf);
  for (const definition of definitions) await store.pools.createPool(newPool(definition));
  const pools = definitions.map((definition) => entryOf(definition, 'active'));
  await store.pools.writeRegistry({ vrf: 'default', version: 1, pools });
  return definitions;
}
