/** Whether a pool, as it is asked for, can be: the checks that look at several of its fields at once. */
import { formatAddress } from '../addresses/address.ts';
import { outsideOf, parseExclusions } from '../addresses/exclusions.ts';
import { parseRangeSets, type RangeOutcome, rangesToText } from '../addresses/range.ts';
import { otherwise } from '../contract/limits.ts';
import type { PoolDefinition, RangeText } from '../contract/pool.ts';
import { vainReservation } from './obstacles.ts';
import { spaceOf } from './pool-space.ts';
import { blockLength, sizeOf } from './range-set-slots.ts';
import { parseReservations } from './reservations.ts';

export type PoolShapeInput = Pick<PoolDefinition, 'blockSize' | 'gateway' | 'affinity' | 'exclude'> &
  Partial<Pick<PoolDefinition, 'reservations'>> & {
    readonly ranges: readonly (readonly RangeText[])[];
    readonly stickySeconds?: number;
    readonly identitySeconds?: number;
    readonly leasing?: PoolDefinition['leasing'];
  };

/**
 * `ranges` with every default filled in and `exclude` in one spelling, if the pool can hand out anything: one that cannot
 * would keep its name and its ranges for ever without a use. `problem` names field, value and remedy.
 */
export function resolvePoolShape({
  ranges,
  blockSize,
  gateway,
  affinity,
  exclude,
  stickySeconds = 0,
  identitySeconds = 0,
  leasing = otherwise.leasing,
  reservations = [],
}: PoolShapeInput): RangeOutcome<Pick<PoolDefinition, 'ranges' | 'exclude'>> {
  if (stickySeconds > 0 && affinity !== 'shared')
    return refuse(
      `stickySeconds ${stickySeconds} keeps an address for a pod on whichever node: it needs affinity "shared", or has to be 0`,
    );
  if (identitySeconds > 0 && affinity !== 'shared')
    return refuse(
      `identitySeconds ${identitySeconds} keeps an address for an identity on whichever node: it needs affinity "shared", or has to be 0`,
    );
  if (leasing === 'delegated' && affinity !== 'node')
    return refuse('leasing "delegated" lets a node lease from blocks of its own: it needs affinity "node"');
  if (gateway === 'block' && affinity !== 'node')
    return refuse('gateway "block" gives each block to one node to route: it needs affinity "node"');
  const parsed = parseRangeSets(ranges, gateway);
  if (!parsed.ok) return parsed;
  const excluded = parseExclusions(exclude);
  if (!excluded.ok) return excluded;
  if (reservations.length > 0 && affinity !== 'shared')
    return refuse('reservations keep addresses for pods on whichever node: they need affinity "shared"');
  const twice = reservations.find(({ name }, index) => reservations.findIndex((one) => one.name === name) !== index);
  if (twice) return refuse(`reservations has ${twice.name} twice: give each a name of its own`);
  const reserved = parseReservations(reservations, parsed.value.flat());
  if (!reserved.ok) return reserved;
  const stray = outsideOf(excluded.value, parsed.value.flat());
  if (stray !== undefined) return refuse(stray);
  const small = gateway === 'block' && parsed.value.flat().find((range) => sizeOf([range]) % BigInt(blockSize) !== 0n);
  if (small) {
    const length = blockLength(small.family, blockSize);
    return refuse(
      `subnet ${formatAddress(small.subnet.address)}/${small.subnet.length} holds no whole block: with blockSize ${blockSize} and gateway "block" a subnet needs a prefix length of ${length} or less`,
    );
  }
  const text = { ranges: rangesToText(parsed.value), exclude: excluded.value.map((one) => one.text) };
  const space = spaceOf(parsed.value, blockSize, gateway, excluded.value, reserved.value);
  const vain = vainReservation(space, parsed.value.flat(), reserved.value);
  if (space.capacity > 0n) return vain === undefined ? { ok: true, value: text } : refuse(vain);
  if (exclude.length > 0 || gateway === 'block') {
    return refuse(
      `no address is left to hand out once gateways, network and broadcast addresses${gateway === 'block' ? ' of the blocks' : ''} and what is excluded (${text.exclude.join(', ') || 'nothing'}) are taken away: exclude less, or widen the smallest range set${gateway === 'block' ? ' or the blocks' : ''}`,
    );
  }
  const gateways = [...new Set(text.ranges.flat().map((range) => range.gateway))].join(', ');
  return refuse(
    `ranges hold no address to hand out: each of their slots has a gateway (${gateways}), a network or a broadcast address in it; widen the smallest range set, or name another gateway`,
  );
}

/** A pool that is written inline: shared, its gateways as host-local has them. */
export const resolveInlinePool = (
  ranges: readonly (readonly RangeText[])[],
  exclude: readonly string[] = [],
): RangeOutcome<Pick<PoolDefinition, 'ranges' | 'exclude'>> =>
  resolvePoolShape({
    ranges,
    blockSize: otherwise.blockSize,
    gateway: 'pool',
    affinity: 'shared',
    exclude: [...exclude],
  });

const refuse = (problem: string): { ok: false; problem: string } => ({ ok: false, problem });
