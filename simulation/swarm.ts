/**
 * A configuration that the seed draws: which acts and faults there are, how often, and beside which pools. What always happens hides
 * what only comes where it does not, so of many runs each has a mixture of its own (Groce et al., "Swarm testing", ISSTA 2012).
 */
import { type Chance, chanceOf } from '../test/linearizability/chance.ts';
import type { Configuration, PoolKind } from './configuration.ts';

/** By how much something is more often, or less, than usual. */
const FACTORS = [0, 0.3, 1, 1, 3, 10];
/** Without these nothing comes of all others. */
const NEVER_NONE = ['a container is added', 'a container is deleted', 'an agent goes round', 'reclaim'];

const NAMES = ['green', 'red', 'blue'];
const KINDS: readonly ((chance: Chance) => Omit<PoolKind, 'name'>)[] = [
  (chance) => ({ affinity: 'node', blocks: 3 + chance.under(3), blockSize: 4 }),
  (chance) => ({ affinity: 'node', blocks: 3 + chance.under(3), blockSize: 4, leasing: 'delegated' }),
  (chance) => ({ affinity: 'shared', blocks: 1 + chance.under(2), blockSize: 4 }),
  (chance) => ({ affinity: 'shared', blocks: 1, blockSize: 4, stickySeconds: chance.pick([40, 300]) }),
  () => ({ affinity: 'node', blocks: 4, blockSize: 4, leasing: 'delegated', dualStack: true }),
  () => ({ affinity: 'shared', blocks: 1, blockSize: 8, quota: 3 }),
  // More blocks than a node joins at once.
  () => ({ affinity: 'shared', blocks: 20, blockSize: 4 }),
  (chance) => ({ affinity: 'shared', blocks: 1, blockSize: 4, identitySeconds: chance.pick([25, 150]) }),
];

/** Of a name, whatever else is drawn: FNV-1a. */
const numberOf = (name: string): number =>
  [...name].reduce((hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 0x01000193), 0x811c9dc5);

export function swarmOf(seed: number): Configuration {
  const own = Math.imul(seed, 0x2545f491) ^ 0x5bd1e995;
  const chance = chanceOf(own);
  const pools = NAMES.slice(0, 1 + chance.under(NAMES.length)).map((name) => ({ name, ...chance.pick(KINDS)(chance) }));
  return {
    what: 'drawn by the seed: other acts, faults and pools each time',
    nodes: 2 + chance.under(3),
    agents: chance.pick([1, 1, 0.5, 0]),
    pools,
    mostLiving: 2 + chance.under(6),
    ...{ latencyMs: 20, everyMs: chance.pick([20, 60, 200]), skewMs: chance.pick([0, 2_000]), serviceSkewMs: 20 },
    anew: chance.pick([0, 0.2, 0.6, 0.9]),
    pods: chance.pick([1, 2, 12]),
    killed: chance.pick([0, 0.02, 0.2]),
    latestMs: chance.pick([5_000, 60_000, 600_000]),
    ...(pools.some(({ identitySeconds }) => identitySeconds !== undefined) ? { identities: 1 + chance.under(4) } : {}),
    factor: (of) => chanceOf(own ^ numberOf(of)).pick(NEVER_NONE.includes(of) ? FACTORS.slice(1) : FACTORS),
  };
}
