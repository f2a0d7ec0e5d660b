/** The service's answers, as core/contract has them; a test compares the two. */
import type { GiveBackResult } from '../../core/contract/blocks.ts';
import type { AllocateResult, CheckResult, ReleaseResult, ReportResult } from '../../core/contract/lease.ts';
import type { OwnLeasesResult, SeenResult } from '../../core/contract/nodes.ts';
import type { ReadinessResult } from '../../core/contract/questions.ts';
import { flag, integer, list, object, oneOf, optional, otherwise, record, type Shape, text } from './shapes.ts';

const cniName = text({ most: 255, matching: /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/ });
const nonce = text({ matching: /^[0-9a-f]{32}$/ });
const poolId = text({ matching: /^[0-9a-f]{16}$/ });
const blockIndex = text({ matching: /^(0|[1-9a-f][0-9a-f]{0,31})$/ });
const podText = text({ least: 1, most: 253 });
const ifname = text({ least: 1, most: 15, matching: /^(?!\.{1,2}$)[^/:\s]+$/ });

const slot = object({ pool: poolId, block: blockIndex, slot: integer(0, 4095) });
const claim = object({ block: blockIndex, generation: integer(1) });
const attachment = object({ network: cniName, containerId: cniName, ifname });
const pod = object({ namespace: podText, name: podText, uid: optional(podText) });
const address = object({ address: text(), gateway: text() });
const reservation = object({
  name: cniName,
  addresses: list(text(), { least: 1, most: 64 }),
  namespace: podText,
  pod: optional(podText),
});
const range = object({ subnet: text(), rangeStart: text(), rangeEnd: text(), gateway: text() });

const pool: Shape<AllocateResult['pool']> = object({
  exclude: otherwise(list(text(), { most: 256 }), []),
  reservations: otherwise(list(reservation, { most: 64 }), []),
  cooldownSeconds: otherwise(integer(0, 86_400), 30),
  stickySeconds: otherwise(integer(0, 2_592_000), 0),
  clusters: otherwise(list(cniName, { most: 64 }), []),
  namespaces: otherwise(list(cniName, { most: 256 }), []),
  nodeLabels: otherwise(record(text({ least: 1, most: 317 }), text({ most: 253 })), {}),
  default: otherwise(flag, false),
  order: otherwise(integer(-1000, 1000), 0),
  maxBlocksPerNode: otherwise(integer(1, 4096), 64),
  quota: optional(integer(0)),
  quotas: otherwise(record(podText, integer(0)), {}),
  id: poolId,
  vrf: cniName,
  name: cniName,
  affinity: oneOf('shared', 'node'),
  gateway: otherwise(oneOf('pool', 'block'), 'pool'),
  ranges: list(list(range)),
  blockSize: integer(),
  createdAt: text(),
});

export const allocateResult: Shape<AllocateResult> = object({
  slot,
  chosenBy: optional(oneOf('named', 'selector', 'default')),
  more: optional(list(slot)),
  addresses: list(address),
  incarnation: integer(),
  blocks: list(claim),
  former: optional(list(claim)),
  pool,
  taken: optional(list(object({ block: blockIndex, slots: list(integer()) }))),
});

export const releaseResult: Shape<ReleaseResult> = object({
  released: list(slot),
  draining: optional(flag),
  held: optional(list(object({ slot, nonce }))),
});

export const giveBackResult: Shape<GiveBackResult> = object({
  outcome: oneOf('released', 'kept'),
  generation: optional(integer()),
});

export const reportResult: Shape<ReportResult> = object({ incarnation: integer() });

const ownLease = object({
  slot,
  attachment,
  nonce,
  incarnation: integer(),
  heldAt: text(),
  pod: optional(pod),
});
export const ownLeasesResult: Shape<OwnLeasesResult> = object({
  incarnation: optional(integer()),
  boot: optional(text()),
  firstOfBoot: optional(integer()),
  leases: list(ownLease),
  nextCursor: optional(text({ least: 1, most: 64 })),
});

export const checkResult: Shape<CheckResult> = object({
  held: list(object({ slot, nonce, addresses: list(address) })),
});

export const readinessResult: Shape<ReadinessResult> = object({
  ready: flag,
  code: optional(text()),
  detail: optional(text()),
});

export const seenResult: Shape<SeenResult> = object({ incarnation: optional(integer()), declaredDead: flag });
