/** The service's answers, as core/contract has them; a test compares the two. */
import type { BatchResult } from '../../core/contract/batch.ts';
import type { GiveBackResult } from '../../core/contract/blocks.ts';
import type { HeartbeatResult } from '../../core/contract/heartbeat.ts';
import type { AllocateResult, CheckResult, ReleaseResult, ReportResult } from '../../core/contract/lease.ts';
import { otherwise as defaults, most, patterns } from '../../core/contract/limits.ts';
import type { GoodbyeResult, OwnLeasesResult } from '../../core/contract/nodes.ts';
import type { ReadinessResult } from '../../core/contract/questions.ts';
import { flag, integer, list, object, oneOf, optional, otherwise, record, type Shape, text } from './shapes.ts';

const cniName = text({ most: most.name, matching: patterns.name });
const nonce = text({ matching: patterns.nonce });
const poolId = text({ matching: patterns.id });
const blockIndex = text({ matching: patterns.blockIndex });
const spanText = text({ most: most.spanText });
const podText = text({ least: 1, most: most.podText });
const ifname = text({ least: 1, most: most.interfaceName, matching: patterns.interfaceName });

const slot = object({ pool: poolId, block: blockIndex, slot: integer(0, most.slotsOfBlock - 1) });
const claim = object({ block: blockIndex, generation: integer(1) });
const attachment = object({ network: cniName, containerId: cniName, ifname });
const pod = object({ namespace: podText, name: podText, uid: optional(podText) });
const address = object({ address: text(), gateway: text() });
const reservation = object({
  name: cniName,
  addresses: list(spanText, { least: 1, most: most.addressesOfReservation }),
  namespace: podText,
  pod: optional(podText),
});
const range = object({ subnet: text(), rangeStart: text(), rangeEnd: text(), gateway: text() });

const pool: Shape<AllocateResult['pool']> = object({
  exclude: otherwise(list(spanText, { most: most.exclusions }), []),
  reservations: otherwise(list(reservation, { most: most.reservations }), []),
  cooldownSeconds: otherwise(integer(0, most.cooldown), defaults.cooldownSeconds),
  stickySeconds: otherwise(integer(0, most.sticky), defaults.stickySeconds),
  identitySeconds: otherwise(integer(0, most.identity), defaults.identitySeconds),
  clusters: otherwise(list(cniName, { most: most.clusters }), []),
  namespaces: otherwise(list(cniName, { most: most.namespaces }), []),
  nodeLabels: otherwise(record(text({ least: 1, most: most.label }), text({ most: most.labelValue })), {}),
  default: otherwise(flag, false),
  order: otherwise(integer(-most.order, most.order), defaults.order),
  maxBlocksPerNode: otherwise(integer(1, most.blocksOfNode), defaults.maxBlocksPerNode),
  leasing: otherwise(oneOf('online', 'delegated'), defaults.leasing),
  tellWithinSeconds: otherwise(integer(1, most.tellWithin), defaults.tellWithinSeconds),
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
  chosenBy: optional(oneOf('annotation', 'named', 'selector', 'default')),
  identity: optional(text()),
  node: optional(text()),
  more: optional(list(slot)),
  addresses: list(address),
  incarnation: integer(),
  blocks: list(claim),
  former: optional(list(claim)),
  full: optional(list(blockIndex)),
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

export const reportResult: Shape<ReportResult> = object({
  incarnation: integer(),
  generation: optional(integer()),
});

const itemProblem = object({ code: text(), detail: text(), remedy: optional(text()) });

export const batchResult: Shape<BatchResult> = object({
  items: list(
    object({
      reported: optional(reportResult),
      released: optional(releaseResult),
      refused: optional(itemProblem),
      problem: optional(itemProblem),
    }),
  ),
  pools: list(
    object({
      id: poolId,
      leasing: oneOf('online', 'delegated'),
      tellWithinSeconds: integer(1, most.tellWithin),
      cooldownSeconds: integer(0, most.cooldown),
      exclude: list(spanText, { most: most.exclusions }),
    }),
  ),
});

const ownLease = object({
  slot,
  attachment,
  nonce,
  incarnation: integer(),
  heldAt: text(),
  pod: optional(pod),
});
const ownBlock = object({
  pool: text(),
  block: blockIndex,
  generation: integer(),
  boot: text(),
  journal: text(),
});
export const ownLeasesResult: Shape<OwnLeasesResult> = object({
  node: optional(text()),
  incarnation: optional(integer()),
  boot: optional(text()),
  firstOfBoot: optional(integer()),
  leases: list(ownLease),
  blocks: optional(list(ownBlock)),
  nextCursor: optional(text({ least: 1, most: most.cursor })),
});

export const checkResult: Shape<CheckResult> = object({
  held: list(object({ slot, nonce, addresses: list(address) })),
});

export const readinessResult: Shape<ReadinessResult> = object({
  ready: flag,
  code: optional(text()),
  detail: optional(text()),
  remedy: optional(text()),
  imports: optional(
    object({
      node: text(),
      pool,
      addresses: list(
        object({
          address: text(),
          slot: optional(slot),
          closed: optional(flag),
          holder: optional(object({ node: text(), attachment, nonce: optional(nonce) })),
          block: optional(
            object({
              block: blockIndex,
              state: oneOf('free', 'claimed', 'releasing', 'sealed'),
              node: optional(text()),
              boot: optional(text()),
              journal: optional(text()),
            }),
          ),
        }),
      ),
    }),
  ),
});

export const goodbyeResult: Shape<GoodbyeResult> = object({ ended: flag });

export const heartbeatResult: Shape<HeartbeatResult> = object({
  node: optional(text()),
  incarnation: optional(integer()),
  declaredDead: flag,
});
