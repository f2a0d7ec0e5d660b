/** What a node asks from the first lease to its last. */
import {
  ADDRESS,
  ATTACHMENT,
  BLOCK,
  BOOT,
  DEFINITION,
  JOURNAL,
  NODE,
  NONCE,
  POD,
  REPORT,
  SLOT,
  TIME,
} from './names.ts';

const ADDRESSES = [{ address: `${ADDRESS}/22`, gateway: '10.20.0.1' }];

export const nodeExamples = {
  readiness: { body: { pool: { name: 'web' } }, status: 200, result: { ready: true } },
  allocate: {
    body: { attachment: ATTACHMENT, nonce: NONCE, attempt: 1, boot: BOOT, pool: { name: 'web' }, pod: POD },
    status: 200,
    result: {
      slot: SLOT,
      chosenBy: 'named',
      node: NODE,
      addresses: ADDRESSES,
      incarnation: 1,
      blocks: [{ block: BLOCK, generation: 1 }],
      former: [],
      pool: DEFINITION,
    },
  },
  check: {
    body: { attachment: ATTACHMENT, slots: [SLOT] },
    status: 200,
    result: { held: [{ slot: SLOT, nonce: NONCE, addresses: ADDRESSES }] },
  },
  ownLeases: {
    status: 200,
    result: {
      node: NODE,
      incarnation: 1,
      boot: BOOT,
      firstOfBoot: 1,
      leases: [{ slot: SLOT, attachment: ATTACHMENT, nonce: NONCE, incarnation: 1, heldAt: TIME, pod: POD }],
      blocks: [{ pool: SLOT.pool, block: BLOCK, generation: 1, boot: BOOT, journal: JOURNAL }],
    },
  },
  heartbeat: {
    body: { boot: BOOT, name: 'worker-1', version: '0.1.0', journal: REPORT },
    status: 200,
    result: { node: NODE, declaredDead: false },
  },
  release: {
    body: { attachment: ATTACHMENT, nonce: NONCE, slot: SLOT, acknowledged: true },
    status: 200,
    result: { released: [SLOT] },
  },
  report: {
    body: {
      attachment: { ...ATTACHMENT, containerId: '9ab3c7710e52' },
      nonce: `${JOURNAL}c04e8d1f6b2a9357`,
      boot: BOOT,
      slot: SLOT,
      generation: 1,
      pod: POD,
    },
    status: 200,
    result: { incarnation: 1 },
  },
  batch: {
    body: {
      items: [
        {
          report: {
            attachment: { ...ATTACHMENT, containerId: '9ab3c7710e52' },
            nonce: `${JOURNAL}c04e8d1f6b2a9357`,
            boot: BOOT,
            slot: SLOT,
            generation: 1,
            pod: POD,
          },
        },
        { release: { attachment: ATTACHMENT, nonce: NONCE, slot: SLOT, acknowledged: true } },
      ],
    },
    status: 200,
    result: {
      items: [{ reported: { incarnation: 1 } }, { released: { released: [] } }],
      pools: [
        { id: SLOT.pool, leasing: 'online', tellWithinSeconds: 1, cooldownSeconds: 0, exclude: ['10.20.0.0/28'] },
      ],
    },
  },
  giveBack: {
    body: { pool: SLOT.pool, block: BLOCK, generation: 1, boot: BOOT, journal: JOURNAL },
    status: 200,
    result: { outcome: 'kept', generation: 2 },
  },
  goodbye: { body: { boot: BOOT, incarnation: 1 }, status: 200, result: { ended: true } },
} as const;
