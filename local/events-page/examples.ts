/** An example of each event: the detail, as a target of a rule gets it. A test reads each by its schema. */
import type { EventType } from '../../core/contract/event-types.ts';

const envelope = (id: string, at = '2026-01-31T12:00:00.000Z') => ({ version: 1, id, at, deployment: 'Network-Ipam' });
const life = { node: 'i-0123456789abcdef0', incarnation: 3 };
const pool = { poolId: '6f0c1d2e3a4b5c6d', vrf: 'default', pool: 'pods' };
const block = { ...pool, block: '1f', generation: 5, prefixes: ['10.244.31.0-10.244.31.63'] };
const attachment = { network: 'pods', containerId: '4f2a9c', ifname: 'eth0' };
const pod = { namespace: 'shop', name: 'web-0', uid: '0b7f6c1e-52c9-4c8e-9d0c-1f6c6f0e8a11' };
const slot = { ...pool, block: '1f', slot: 7, addresses: ['10.244.31.7/16'] };

export const eventExamples: Readonly<Record<EventType, Readonly<Record<string, unknown>>>> = {
  nodeDead: {
    ...envelope('8c1f0f3a6d0e4f7b9a2c5d8e1f3b6a90'),
    ...life,
    cluster: 'production',
    name: 'ip-10-0-3-17.ec2.internal',
    reason:
      'EC2 of eu-central-1 says that it is terminated: event 6a7e8feb-b491-4cf7-a9f1-bf3703467718 of 2026-01-31T11:59:21Z, and asked again',
    declaredBy: 'ec2/event+DescribeInstances',
  },
  leasesReclaimed: {
    ...envelope('1b7d9e2c4f6a8b0d3e5f7a9c1d2b4e6f'),
    ...life,
    ...{ freed: 31, freedInAll: 31, complete: true },
  },
  leaseLost: {
    ...envelope('5e2a7c9b1d3f4e6a8c0b2d4f6e8a1c3d'),
    ...{ node: life.node, attachment, pod, ...slot },
    why: 'container 9d3e1b of node i-0fedcba9876543210 holds slot 7',
  },
  nodeInDoubt: {
    ...envelope('c4a6e8f0b2d41638597a8b9cadbecfd0'),
    ...life,
    because: 'heard-of-after-death',
    why: 'Life 3 of it was declared over, and its agent says that it is up',
  },
  blockClaimed: { ...envelope('9f8e7d6c5b4a39281706f5e4d3c2b1a0'), ...life, ...block },
  blockReturned: {
    ...envelope('0a1b2c3d4e5f60718293a4b5c6d7e8f9'),
    ...life,
    ...{ ...block, generation: 6, because: 'reclaimed' },
  },
  poolNearExhaustion: { ...envelope('7d5c3b1a9f8e6d4c2b0a8f7e6d5c4b3a'), ...pool, usePercent: 86.2 },
  poolExhausted: { ...envelope('2f4e6d8c0b1a3f5e7d9c8b6a4f2e1d0c'), ...pool, usePercent: 100 },
  poolRecovered: { ...envelope('e1d3c5b7a9f0e2d4c6b8a0f1e3d5c7b9'), ...pool, usePercent: 64 },
  leaseGranted: { ...envelope('3c5e7a9b1d2f4c6e8a0b1d3f5c7e9a2b'), ...life, attachment, pod, ...slot },
  leaseEnded: {
    ...envelope('6b8d0f2a4c5e7b9d1f3a5c6e8b0d2f4a', '2026-01-31T14:30:00.000Z'),
    ...{ ...life, attachment, pod, ...slot },
    heldAt: '2026-01-31T12:00:00.000Z',
  },
};
