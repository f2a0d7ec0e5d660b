/** The configurations of which the simulation plays each with many seeds. */
import type { Configuration, PoolKind } from './configuration.ts';
import { swarmOf } from './swarm.ts';

const owned = (name: string, blocks: number, blockSize: number, more: Partial<PoolKind> = {}): PoolKind => ({
  ...{ name, blocks, blockSize, affinity: 'node' },
  ...more,
});
const shared = (name: string, blocks: number, blockSize: number, more: Partial<PoolKind> = {}): PoolKind => ({
  ...{ name, blocks, blockSize, affinity: 'shared' },
  ...more,
});
const delegated = { leasing: 'delegated' } as const;

const DENSE = { nodes: 4, agents: 1, mostLiving: 10, latencyMs: 20, everyMs: 60, skewMs: 2_000, serviceSkewMs: 20 };

export const configurations = {
  dense: {
    ...DENSE,
    what: 'four nodes whose pods come and go all the time, in a pool of blocks of their own and in a shared one',
    pools: [owned('green', 6, 8), shared('blue', 3, 16)],
  },
  delegated: {
    ...DENSE,
    what: 'the same where nodes lease by themselves, and their agents tell the service',
    pools: [owned('green', 6, 8, delegated), shared('blue', 3, 16)],
  },
  agentless: {
    ...DENSE,
    what: 'nodes lease by themselves, and on half of them no agent runs',
    agents: 0.5,
    pools: [owned('green', 6, 8, delegated)],
  },
  tiny: {
    ...DENSE,
    what: 'six nodes beside pools that are full most of the time',
    nodes: 6,
    pools: [owned('green', 3, 4), owned('red', 3, 4, delegated), shared('blue', 1, 4)],
  },
  scarce: {
    ...DENSE,
    what: 'the same few slots over and over, on nodes that boot, leave, and are given up all the time',
    pools: [owned('green', 4, 4), owned('red', 4, 4, delegated), shared('blue', 2, 4)],
    mostLiving: 6,
    odds: {
      ...{ 'an agent goes round': 10, 'time goes by': 8, 'a request of a node is late': 8, 'writes are late': 8 },
      ...{ 'the way of a node changes': 5, 'the power fails': 4, 'a machine boots': 12, 'a disk is copied': 2 },
      ...{ 'a journal is lost': 0.5, 'a node leaves': 3, 'a node that is off is declared dead': 4 },
      ...{ 'a node that runs is declared dead': 2, reclaim: 8 },
    },
  },
  'given-up': {
    ...DENSE,
    what: 'nodes that are declared dead although they run, time and again, and hold again what lives on them',
    nodes: 3,
    anew: 0.6,
    pools: [owned('green', 5, 4), owned('red', 4, 4, delegated), shared('blue', 2, 8)],
    mostLiving: 6,
    odds: {
      ...{ 'a node that runs is declared dead': 7, 'an agent goes round': 24, reclaim: 10, 'time goes by': 8 },
      ...{ 'a request of a node is late': 8, 'writes are late': 10, 'a container is added again': 8 },
      ...{ 'an instance is terminated': 0 },
    },
  },
  leaving: {
    ...DENSE,
    what: 'nodes that leave all the time, and mostly change their mind',
    nodes: 3,
    anew: 0.4,
    pools: [owned('green', 5, 4), owned('red', 4, 4, delegated), shared('blue', 2, 8)],
    mostLiving: 3,
    odds: {
      ...{ 'a node leaves': 18, 'an agent goes round': 12, reclaim: 8, 'time goes by': 8, 'writes are late': 8 },
      ...{ 'a request of a node is late': 10, 'the way of a node changes': 7, 'an instance is terminated': 0 },
    },
  },
  forgetful: {
    ...DENSE,
    what: 'nodes that boot all the time, and lose their journals, while requests of earlier boots are still under way',
    nodes: 3,
    anew: 0.4,
    pools: [owned('green', 5, 4), owned('red', 4, 4, delegated), shared('blue', 2, 8)],
    mostLiving: 5,
    odds: {
      ...{ 'a journal is lost': 5, 'the power fails': 5, 'a machine boots': 14, 'an agent goes round': 24 },
      ...{ 'a request of a node is late': 14, 'the way of a node changes': 10, 'writes are late': 6, reclaim: 6 },
      ...{ 'an instance is terminated': 0, 'a disk is copied': 0.5, 'time goes by': 3 },
    },
  },
  'dual-stack': {
    ...DENSE,
    what: 'pods with two addresses, from a shared pool, from blocks of their node, and kept for the pod that had them',
    pools: [
      owned('green', 6, 8, { dualStack: true, ...delegated }),
      shared('blue', 2, 16, { dualStack: true }),
      shared('sticky', 2, 8, { stickySeconds: 120 }),
    ],
  },
  quotas: {
    ...DENSE,
    what: 'namespaces with quotas that they use up, in a shared pool and in one that would be delegated without them',
    pools: [shared('blue', 3, 8, { quota: 5 }), owned('green', 6, 4, { quota: 6, ...delegated })],
  },
  identities: {
    ...DENSE,
    what: 'pods of a few identities that move between nodes which boot, leave, and are given up, in pools that are full most of the time',
    nodes: 3,
    anew: 0.2,
    identities: 4,
    pools: [
      shared('blue', 2, 4, { identitySeconds: 25 }),
      shared('sticky', 1, 4, { stickySeconds: 60, identitySeconds: 150 }),
      owned('red', 2, 4, delegated),
    ],
    mostLiving: 6,
    odds: {
      ...{
        'a pod moves': 30,
        'a container is added': 30,
        'a container is deleted': 20,
        'a container is added again': 6,
      },
      ...{ 'an agent goes round': 9, 'a request of a node is late': 8, 'writes are late': 12, 'time goes by': 6 },
      ...{ 'a machine boots': 6, 'a node leaves': 1, 'a node that is off is declared dead': 2 },
      ...{ 'a node that runs is declared dead': 3, 'an instance is terminated': 0, 'instances are looked at': 0.5 },
      ...{ reclaim: 5, 'a batch of the stream': 10 },
    },
  },
  'identities-given-up': {
    ...DENSE,
    what: 'pods of identities on nodes that are declared dead although they run, and hold again what lives on them',
    nodes: 3,
    anew: 0.2,
    identities: 2,
    pools: [shared('blue', 2, 4, { identitySeconds: 20 })],
    mostLiving: 4,
    odds: {
      ...{
        'a container is added': 30,
        'a container is deleted': 16,
        'a sandbox ends': 1,
        'a container is added again': 3,
      },
      ...{ 'an agent goes round': 40, 'a request of a node is late': 4, 'writes are late': 8, 'time goes by': 12 },
      ...{ 'a node that runs is declared dead': 8, reclaim: 14, 'the power fails': 0.3, 'a machine boots': 8 },
      ...{ 'a journal is lost': 0, 'a node leaves': 0, 'an instance is terminated': 0, 'instances are looked at': 0 },
      ...{
        'a batch of the stream': 8,
        'the way of a node changes': 2,
        'a disk is copied': 0,
        'an agent starts again': 30,
      },
    },
  },
  fleet: {
    what: 'two thousand nodes over hours and days: reboots, terminations, outages of single nodes',
    nodes: 2_000,
    agents: 0.95,
    pools: [owned('green', 3_000, 16, delegated), shared('blue', 64, 64)],
    mostLiving: 8,
    ...{ latencyMs: 20, everyMs: 10_000, skewMs: 5_000, serviceSkewMs: 20 },
    odds: { 'an agent goes round': 40, 'time goes by': 0, 'a machine boots': 4 },
  },
  swarm: swarmOf,
} satisfies Readonly<Record<string, Configuration | ((seed: number) => Configuration)>>;

export type ConfigurationName = keyof typeof configurations;
export function configurationOf(name: ConfigurationName, seed: number): Configuration {
  const found: Configuration | ((seed: number) => Configuration) = configurations[name];
  return typeof found === 'function' ? found(seed) : found;
}
export const configurationNames = Object.keys(configurations) as ConfigurationName[];
