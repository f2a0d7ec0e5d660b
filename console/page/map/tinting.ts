/** By what leases are told apart, in colours. */
import { signal } from '@preact/signals';
import type { LeaseRow } from '../../../core/contract/lease.ts';
import { ageOf, type Colours } from './colours.ts';

export type Tinting = 'state' | 'namespace' | 'node' | 'age';
export const tinting = signal<Tinting>('state');

/** Who has which colour, in the order in which they were seen; all further ones share the last. */
export const tinted = signal<ReadonlyMap<string, string>>(new Map());

const OTHERS = 'others';

/** Undefined: the colour of the state. */
export function rowColours(by: Tinting, { hues, ages }: Colours): ((row: LeaseRow) => string) | undefined {
  tinted.value = new Map();
  if (by === 'state') return undefined;
  const now = Date.now();
  if (by === 'age') return ({ heldAt }) => ages[ageOf(heldAt, now)] ?? '';
  const known = new Map<string, string>();
  const last = hues.at(-1) ?? '';
  return ({ node, pod }) => {
    const whose = by === 'node' ? node : (pod?.namespace ?? 'not known');
    const there = known.get(whose);
    if (there !== undefined) return there;
    if (known.size >= hues.length - 1) {
      if (!known.has(OTHERS)) tell(known.set(OTHERS, last));
      return last;
    }
    const colour = hues[known.size] ?? last;
    tell(known.set(whose, colour));
    return colour;
  };
}

/** Not while it is drawn. */
function tell(known: ReadonlyMap<string, string>): void {
  queueMicrotask(() => {
    tinted.value = new Map(known);
  });
}
