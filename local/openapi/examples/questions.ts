/** What an operator asks, and says of a node. */

import { ADDRESS, BLOCK, BOOT, DEFINITION, LEASE, NODE, REPORT, SLOT, TENURE, TIME } from './names.ts';
import { POOL } from './pools.ts';

const DEATH = {
  node: NODE,
  incarnation: 1,
  reason: 'the instance was terminated',
  declaredBy: 'user/operator',
  declaredAt: TIME,
  freed: 0,
};

const HOLDER = {
  address: ADDRESS,
  vrf: 'default',
  pool: 'web',
  slot: SLOT,
  blockOf: NODE,
  state: 'held',
  lease: LEASE,
};

export const questionExamples = {
  listVrfs: { status: 200, result: { vrfs: [{ vrf: 'default', pools: 1 }] } },
  listLeases: {
    path: { pool: 'web' },
    status: 200,
    result: { pool: DEFINITION, capacity: '1007', leases: [LEASE] },
  },
  listBlocks: {
    path: { pool: 'web' },
    status: 200,
    result: {
      blocks: [{ block: BLOCK, prefixes: ['10.20.2.193-10.20.3.0'], state: 'claimed', generation: 1, node: NODE }],
    },
  },
  usage: {
    path: { pool: 'web' },
    query: { by: 'namespace' },
    status: 200,
    result: {
      pool: 'web',
      vrf: 'default',
      state: 'active',
      affinity: 'node',
      source: 'exact',
      held: 1,
      cooling: 0,
      free: '1006',
      capacity: '1007',
      reserved: '0',
      claimedBlocks: 1,
      blocks: { usable: '16', claimed: 1, free: '15' },
      freeIn: { claimedBlocks: '63', freeBlocks: '943' },
      newNode: { blocks: '15', addresses: '943' },
      parts: [{ of: 'shop', held: 1, cooling: 0 }],
      at: TIME,
    },
  },
  forecast: {
    path: { pool: 'web' },
    status: 200,
    result: {
      pool: 'web',
      vrf: 'default',
      state: 'active',
      unit: 'blocks',
      capacity: '16',
      unknown: 'too-few-samples',
      confidence: 0.8,
      horizonDays: 90,
      samples: { count: 0 },
      at: TIME,
    },
  },
  whoHas: { path: { address: ADDRESS }, status: 200, result: HOLDER },
  searchAddress: { query: { address: ADDRESS }, status: 200, result: HOLDER },
  findLeases: {
    query: { namespace: 'shop', pod: 'cart-6b7f9' },
    status: 200,
    result: { leases: [{ ...LEASE, pool: 'web' }] },
  },
  addressHistory: {
    query: { address: ADDRESS, at: TIME },
    status: 200,
    result: { address: ADDRESS, vrf: 'default', pool: 'web', slot: SLOT, state: 'held', leases: [TENURE], unknown: [] },
  },
  leaseHistory: {
    query: { namespace: 'shop', pod: 'cart-6b7f9', from: TIME },
    status: 200,
    result: { leases: [TENURE], knownUntil: TIME },
  },
  audit: {
    status: 200,
    result: {
      entries: [
        {
          at: TIME,
          by: 'user/operator',
          action: 'pool.created',
          subject: 'default/web',
          outcome: 'done',
          after: POOL,
        },
      ],
    },
  },
  explain: {
    body: { pools: ['web'], node: NODE, namespace: 'shop' },
    status: 200,
    result: {
      verdict: 'an ADD gets an address from pool web',
      pool: 'web',
      pools: [
        {
          pool: 'web',
          rule: 'named',
          verdict: 'has room',
          blocks: [{ block: BLOCK, held: 1, cooling: 0, free: 63, node: NODE, verdict: 'has room' }],
        },
      ],
      at: TIME,
    },
  },
  readNode: {
    query: { node: NODE },
    status: 200,
    result: {
      node: NODE,
      name: 'worker-1',
      version: '0.1.0',
      alive: true,
      incarnation: 1,
      boot: BOOT,
      heartbeatAt: TIME,
      journal: { at: TIME, ...REPORT },
      blocks: [{ pool: SLOT.pool, block: BLOCK, name: 'web', vrf: 'default' }],
    },
  },
  listNodes: {
    query: { alive: 'true' },
    status: 200,
    result: {
      nodes: [
        {
          node: NODE,
          account: '111122223333',
          partition: 'aws',
          name: 'worker-1',
          version: '0.1.0',
          alive: true,
          incarnation: 1,
          lifeAt: TIME,
          heartbeatAt: TIME,
          journal: { at: TIME, ...REPORT },
        },
      ],
    },
  },
  declareDeath: { body: { node: NODE, reason: DEATH.reason, alsoIfAlive: true }, status: 200, result: DEATH },
  listDeaths: { status: 200, result: { deaths: [DEATH] } },
  foreseeSilence: {
    query: { cluster: 'on-prem', minutes: '240' },
    status: 200,
    result: { cluster: 'on-prem', minutes: 240, nodes: 0, heardLately: 0, eachRun: 0, silent: [] },
  },
} as const;
