/**
 * Leases of the blocks that are on the screen, and of no others: the service lists a pool's leases in the order of its blocks, and a
 * list goes on at any block. What was read is kept, and read again where it is old and still on the screen.
 */
import { signal } from '@preact/signals';
import type { LeaseRow } from '../../../core/contract/lease.ts';
import { ask } from '../ask/ask.ts';
import { vrf } from './fleet.ts';

interface Stretch {
  readonly from: bigint;
  /** Inclusive; absent up to the end of the pool. */
  readonly to: bigint | undefined;
  readonly at: number;
}

interface PoolLeases {
  /** By block. */
  readonly blocks: Map<bigint, readonly LeaseRow[]>;
  stretches: Stretch[];
  asking: boolean;
}

/** Milliseconds. */
const FRESH = 8_000;
/** Requests for one pool in one go: then what is on the screen is looked at again. */
const PAGES = 4;

const known = new Map<string, PoolLeases>();
/** Grows with each answer. */
export const leasesRead = signal(0);

vrf.subscribe(() => known.clear());

export const leasesIn = (pool: string, block: bigint): readonly LeaseRow[] | undefined => {
  const leases = known.get(pool);
  return leases?.blocks.get(block) ?? (leases && isCovered(leases, block, 0) ? [] : undefined);
};

const isCovered = ({ stretches }: PoolLeases, block: bigint, since: number): boolean =>
  stretches.some(({ from, to, at }) => from <= block && (to === undefined || block <= to) && at >= since);

/** The first block of those that nobody read lately. */
function firstStale(leases: PoolLeases, from: bigint, to: bigint): bigint | undefined {
  let at = from;
  const since = Date.now() - FRESH;
  while (at <= to) {
    const over = leases.stretches.find(
      (one) => one.from <= at && (one.to === undefined || at <= one.to) && one.at >= since,
    );
    if (over === undefined) return at;
    if (over.to === undefined) return undefined;
    at = over.to + 1n;
  }
  return undefined;
}

/** Reads what is not known of these blocks. */
export function wantLeases(pool: string, from: bigint, to: bigint): void {
  const leases = known.get(pool) ?? { blocks: new Map(), stretches: [], asking: false };
  known.set(pool, leases);
  if (leases.asking) return;
  leases.asking = true;
  read(pool, leases, from, to)
    .catch(() => undefined)
    .finally(() => {
      leases.asking = false;
    });
}

async function read(pool: string, leases: PoolLeases, from: bigint, to: bigint): Promise<void> {
  for (let page = 0; page < PAGES; page += 1) {
    const first = firstStale(leases, from, to);
    if (first === undefined) return;
    const at = Date.now();
    const query = { vrf: vrf.value, cursor: first.toString(16) };
    const { leases: rows, nextCursor } = await ask('listLeases', { path: { pool }, query });
    if (known.get(pool) !== leases) return;
    const next = nextCursor === undefined ? undefined : BigInt(`0x${nextCursor.split('.')[0]}`);
    // A block that the page ends in is read again, as a whole.
    const last = next === undefined ? undefined : next > first ? next - 1n : first;
    note(leases, { from: first, to: last, at }, rows);
    leasesRead.value += 1;
  }
}

function note(leases: PoolLeases, stretch: Stretch, rows: readonly LeaseRow[]): void {
  const { from, to } = stretch;
  const isIn = (block: bigint) => from <= block && (to === undefined || block <= to);
  for (const block of leases.blocks.keys()) if (isIn(block)) leases.blocks.delete(block);
  const found = new Map<bigint, LeaseRow[]>();
  for (const row of rows) {
    const block = BigInt(`0x${row.slot.block}`);
    if (!isIn(block)) continue;
    const there = found.get(block);
    if (there === undefined) found.set(block, [row]);
    else there.push(row);
  }
  for (const [block, some] of found) leases.blocks.set(block, some);
  const covers = (one: Stretch) => isIn(one.from) && (to === undefined || (one.to !== undefined && one.to <= to));
  leases.stretches = [stretch, ...leases.stretches.filter((one) => !covers(one))];
}
