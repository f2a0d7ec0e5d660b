/** Who and what the examples are about. */
export const BOOT = '7d0f2c1e-6a64-4f58-9b1e-0c2f6a1b8e55';
export const NODE = 'i-0123456789abcdef0';
export const BLOCK = 'b';
export const JOURNAL = '9f1c2b7a40d35e86';
export const NONCE = `${JOURNAL}5b0d1c9e7a3f2468`;
export const ADDRESS = '10.20.2.216';
export const TIME = '2026-03-02T09:30:00.000Z';
export const ATTACHMENT = { network: 'web', containerId: '4c01db0a7b3f', ifname: 'eth0' } as const;
export const POD = { namespace: 'shop', name: 'cart-6b7f9' } as const;

const POOL_ID = '5e1f0c9a7b3d2468';
export const SLOT = { pool: POOL_ID, block: BLOCK, slot: 23 } as const;

/** As its definition is shown. */
export const DEFINITION = {
  id: POOL_ID,
  vrf: 'default',
  name: 'web',
  affinity: 'node',
  gateway: 'pool',
  ranges: [[{ subnet: '10.20.0.0/22', rangeStart: '10.20.0.1', rangeEnd: '10.20.3.254', gateway: '10.20.0.1' }]],
  blockSize: 64,
  exclude: ['10.20.0.0/28'],
  reservations: [],
  cooldownSeconds: 0,
  stickySeconds: 0,
  identitySeconds: 0,
  clusters: [],
  namespaces: ['shop'],
  nodeLabels: {},
  default: false,
  order: 0,
  maxBlocksPerNode: 64,
  leasing: 'online',
  tellWithinSeconds: 1,
  quotas: {},
  createdAt: TIME,
} as const;

/** As leases of the pool are shown. */
export const LEASE = {
  state: 'held',
  addresses: [`${ADDRESS}/22`],
  slot: SLOT,
  node: NODE,
  incarnation: 1,
  attachment: ATTACHMENT,
  pod: POD,
  heldAt: TIME,
} as const;

/** What the node says of its journal. */
export const REPORT = {
  attachments: 1,
  held: 1,
  mayHold: 1,
  local: 0,
  outbox: 0,
  lost: 0,
  lostLeases: [],
  blocks: 1,
  reconciledAt: TIME,
} as const;

/** The same in history, which has it since then. */
export const TENURE = {
  pool: 'web',
  slot: SLOT,
  addresses: [`${ADDRESS}/22`],
  node: NODE,
  incarnation: 1,
  network: ATTACHMENT.network,
  ifname: ATTACHMENT.ifname,
  containerId: ATTACHMENT.containerId,
  pod: POD,
  from: TIME,
} as const;
