/** A pool is made, changed and deleted. */
import { DEFINITION } from './names.ts';

export const POOL = { ...DEFINITION, state: 'active', capacity: '1007', openBlocks: '16', version: 1 };

export const poolExamples = {
  createPool: {
    body: {
      name: 'web',
      affinity: 'node',
      ranges: [[{ subnet: '10.20.0.0/22' }]],
      exclude: ['10.20.0.0/28'],
      cooldownSeconds: 0,
      namespaces: ['shop'],
    },
    status: 201,
    result: {
      created: true,
      dryRun: false,
      effects: ['pool web of VRF default is created with a capacity of 1007'],
      pool: POOL,
    },
  },
  listPools: { query: { limit: '20' }, status: 200, result: { pools: [POOL] } },
  readPool: { path: { pool: 'web' }, query: { vrf: 'default' }, status: 200, result: POOL },
  changePool: {
    path: { pool: 'web' },
    headers: { 'If-Match': '"1"' },
    body: { quota: 200, nodeLabels: { tier: 'web' } },
    status: 200,
    result: {
      dryRun: false,
      effects: ['nodeLabels changes from {} to {"tier":"web"}', 'quota changes from nothing to 200'],
      pool: { ...POOL, nodeLabels: { tier: 'web' }, quota: 200, version: 2 },
      warnings: [
        'quota: leases are counted within 10 s here, and a namespace may exceed its quota by what it is granted meanwhile; where that matters, deploy with countWithinSeconds: 1',
      ],
    },
  },
  deletePool: {
    path: { pool: 'web' },
    headers: { 'If-Match': '"2"' },
    status: 200,
    result: {
      dryRun: false,
      effects: ['pool web of VRF default is deleted: its ranges and its name can be used again'],
      deleted: true,
      sealed: 16,
      total: 16,
    },
  },
} as const;
