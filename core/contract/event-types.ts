/** How EventBridge calls what is told; what each says is in events.ts. Here are no schemas: who puts an event needs none. */

/** Of every event. A deployment has a bus of its own, so that a rule needs no more than this to tell its events from others. */
export const EVENT_SOURCE = 'lessor';

/** The detail-type of each event, by its name in the code. */
export const detailTypes = {
  nodeDead: 'Lessor Node Dead',
  leasesReclaimed: 'Lessor Leases Reclaimed',
  leaseLost: 'Lessor Lease Lost',
  nodeInDoubt: 'Lessor Node In Doubt',
  blockClaimed: 'Lessor Block Claimed',
  blockReturned: 'Lessor Block Returned',
  poolNearExhaustion: 'Lessor Pool Near Exhaustion',
  poolExhausted: 'Lessor Pool Exhausted',
  poolRecovered: 'Lessor Pool Recovered',
  leaseGranted: 'Lessor Lease Granted',
  leaseEnded: 'Lessor Lease Ended',
} as const;
export type EventType = keyof typeof detailTypes;
