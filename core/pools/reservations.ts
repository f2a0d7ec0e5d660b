/** Addresses of a pool that are kept for certain pods. */

import { type Exclusion, outsideOf, parseExclusions } from '../addresses/exclusions.ts';
import { overlaps, type Range, type RangeOutcome } from '../addresses/range.ts';
import type { Pod } from '../contract/ids.ts';
import type { Reservation } from '../contract/reservation.ts';

export interface Reserved {
  readonly reservation: Reservation;
  readonly spans: readonly Exclusion[];
}

/** `problem` names field, value and remedy. */
export function parseReservations(
  reservations: readonly Reservation[],
  ranges: readonly Range[],
): RangeOutcome<Reserved[]> {
  const parsed: Reserved[] = [];
  for (const [index, reservation] of reservations.entries()) {
    const field = `reservations[${index}].addresses`;
    const spans = parseExclusions(reservation.addresses, field);
    if (!spans.ok) return spans;
    const stray = outsideOf(spans.value, ranges, field);
    if (stray !== undefined) return { ok: false, problem: stray };
    const twin = parsed.find((other) => other.spans.some((one) => spans.value.some((two) => overlaps(one, two))));
    if (twin) {
      const remedy = 'an address is kept for one of them only';
      return { ok: false, problem: `${field} has addresses of reservation ${twin.reservation.name} too: ${remedy}` };
    }
    parsed.push({ reservation, spans: spans.value });
  }
  return { ok: true, value: parsed };
}

/** One for the pod itself comes before one for its namespace. */
export function reservationFor(reservations: readonly Reservation[], pod: Pod | undefined): Reservation | undefined {
  if (pod === undefined) return undefined;
  const ofNamespace = reservations.filter(({ namespace }) => namespace === pod.namespace);
  return ofNamespace.find((one) => one.pod === pod.name) ?? ofNamespace.find((one) => one.pod === undefined);
}
