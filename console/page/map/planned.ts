/** What a change would come to, on the map: subnets that are made, addresses that are kept, a pool that gives no more. */
import { spanOf } from '../space/numbers.ts';

export type PlannedKind = 'new' | 'reserved' | 'draining';

export const PLANNED_WORDS: Readonly<Record<PlannedKind, string>> = {
  new: 'would be new',
  reserved: 'would be reserved',
  draining: 'would give no new lease',
};

/** As people write it: an address, a prefix, or two addresses with a dash. */
export interface PlannedSpan {
  readonly kind: PlannedKind;
  readonly text: string;
}

/** As numbers of the map. */
export interface Planned {
  readonly kind: PlannedKind;
  readonly first: number;
  readonly last: number;
}

/** Those that are on a map of IPv4. */
export const plannedOf = (spans: readonly PlannedSpan[]): Planned[] =>
  spans.flatMap(({ kind, text }) => {
    const span = spanOf(text);
    return span?.family === 4 ? [{ kind, first: Number(span.first), last: Number(span.last) }] : [];
  });

/** In an address of the page: `new:10.1.0.0/24,reserved:10.1.0.5`. */
export const planText = (spans: readonly PlannedSpan[]): string =>
  spans.map(({ kind, text }) => `${kind}:${text}`).join(',');

export const spansIn = (text: string): PlannedSpan[] =>
  text.split(',').flatMap((part) => {
    const [kind = '', ...rest] = part.split(':');
    return Object.hasOwn(PLANNED_WORDS, kind) ? [{ kind: kind as PlannedKind, text: rest.join(':') }] : [];
  });
