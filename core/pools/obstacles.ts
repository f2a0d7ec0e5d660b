/** Why addresses of a pool can never be had, whoever asks for them. */
import { type Address, formatAddress, parseAddress } from '../addresses/address.ts';
import type { Range, Span } from '../addresses/range.ts';
import { intersection } from '../addresses/slot-intervals.ts';
import type { Bar, PoolSpace } from './pool-space.ts';
import type { Reserved } from './reservations.ts';

/** The address that is in the way, of those that one slot has. */
export interface Obstacle {
  readonly address: string;
  readonly bar: Bar;
}

/** What is in the way of the slot that has `address`, that address itself first; undefined where nothing of that kind is. */
export function obstacleTo(space: PoolSpace, address: Address): Obstacle | undefined {
  const at = space.find(address);
  const beside =
    at === undefined ? [] : space.addresses(at.block, at.slot).map((one) => one.address.split('/')[0] ?? '');
  const all = [address, ...beside.flatMap((text) => parseAddress(text) ?? [])];
  const [found] = all.flatMap((one) => {
    const bar = space.barOn(one);
    return bar === undefined ? [] : [{ address: formatAddress(one), bar }];
  });
  return found;
}

/** It follows "it" or an address: `is a gateway`, or what an address of the same slot is. */
export const obstacleText = (address: Address, { address: barred, bar }: Obstacle): string =>
  barred === formatAddress(address) ? `is ${bar}` : `goes with ${barred}, which is ${bar}`;

/**
 * The problem of the first reservation of which no address can be had, for it would only lock its pods out; undefined where
 * each has one. It names field, value and remedy.
 */
export function vainReservation(
  space: PoolSpace,
  ranges: readonly Range[],
  reserved: readonly Reserved[],
): string | undefined {
  const index = reserved.findIndex(({ reservation }) => space.reservedFor(reservation.name).length === 0);
  const vain = reserved[index];
  if (vain === undefined) return undefined;
  const { name, addresses } = vain.reservation;
  const [first] = vain.spans.flatMap((span) => ranges.flatMap((range) => firstOf(range, span)));
  const obstacle = first && obstacleTo(space, first);
  const why = first && obstacle ? ` (${formatAddress(first)} ${obstacleText(first, obstacle)})` : '';
  return `reservations[${index}].addresses (${addresses.join(', ')}) of ${name} has none that can be had${why}: reserve others, or leave the reservation out`;
}

/** The first address of the span that the range has. */
function firstOf(range: Range, span: Span): Address[] {
  if (range.family !== span.family) return [];
  const both = intersection({ from: range.first, to: range.last }, { from: span.first, to: span.last });
  return both.map(({ from }) => ({ family: range.family, value: from }));
}
