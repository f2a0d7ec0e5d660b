/**
 * With which problems each route may refuse a request. Whoever makes a client learns from it what to expect; what a problem
 * means to a caller is in problems.ts. Nothing at run time reads it.
 */
import type { RouteName } from './paths.ts';
import type { ProblemCode } from './problems.ts';

/** Each route reads who calls, which version of the contract, and the database. */
const always = [
  'request.invalid',
  'contract.version',
  'auth.denied',
  'service.unavailable',
  'service.fault',
] as const satisfies readonly ProblemCode[];

/** And a body. */
const withBody = [...always, 'request.malformed', 'request.too-large'] as const satisfies readonly ProblemCode[];

/** What writes may meet another writer of the same item each time. */
const writing = [...withBody, 'service.busy'] as const satisfies readonly ProblemCode[];

export const refusals: Readonly<Record<RouteName, readonly ProblemCode[]>> = {
  allocate: [
    ...writing,
    'pool.unknown',
    'pool.conflict',
    'pool.overlap',
    'pool.draining',
    'vrf.full',
    'pool.inline-forbidden',
    'pool.forbidden',
    'pool.unmatched',
    'pool.exhausted',
    'pool.cooling',
    'pool.quota',
    'address.held',
    'address.cooling',
    'address.unknown',
    'identity.held',
    'identity.unkept',
  ],
  release: writing,
  giveBack: writing,
  report: [...writing, 'lease.lost', 'address.cooling'],
  // What is refused of a lease stands in its item.
  batch: withBody,
  readiness: [...withBody, 'service.busy'],
  check: withBody,
  ownLeases: always,
  heartbeat: writing,
  goodbye: writing,
  readNode: [...always, 'node.unknown'],
  listBlocks: [...always, 'pool.unknown'],
  listVrfs: always,
  listPools: always,
  createPool: [...writing, 'pool.conflict', 'pool.overlap', 'pool.draining', 'vrf.full'],
  readPool: [...always, 'pool.unknown'],
  changePool: [...writing, 'pool.unknown', 'pool.changed', 'pool.fixed', 'pool.overlap', 'pool.draining', 'vrf.full'],
  deletePool: [...always, 'pool.unknown', 'pool.changed', 'pool.held', 'service.busy'],
  listLeases: [...always, 'pool.unknown'],
  usage: [...always, 'pool.unknown', 'service.busy'],
  forecast: [...always, 'pool.unknown'],
  whoHas: always,
  searchAddress: always,
  findLeases: [...always, 'node.unknown'],
  addressHistory: always,
  leaseHistory: always,
  audit: always,
  explain: [...withBody, 'service.busy'],
  listNodes: always,
  declareDeath: [...writing, 'node.unknown', 'node.alive'],
  listDeaths: always,
  foreseeSilence: [...always, 'service.busy'],
};
