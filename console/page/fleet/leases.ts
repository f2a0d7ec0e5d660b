/**
 * Leases of the blocks that are on the screen, and of no others. What was read is kept, and read again where it is old and still on
 * the screen.
 */
import { signal } from '@preact/signals';
import type { LeaseRow } from '../../../core/contract/lease.ts';
import { ask } from '../ask/ask.ts';
import { vrf } from './fleet.ts';

interface Stretch {
  readonly from: bigint;
  /** Inclusive. */
  readonly to: bigint;
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
/** Blocks that are asked for at once: as many as one page of the service goes through. */
const AT_ONCE = 1_024n;

const known = new Map<string, PoolLeases>();
/** Grows with each answer. */
export const leasesRead = signal(0);

vrf.subscribe(() => known.clear());

export const leasesIn = (pool: string, block: bigint): readonly LeaseRow[] | undefined => {
  const leases = known.get(pool);
  return leases?.blocks.get(block) ?? (leases && coverOf(leases, block, 0) ? [] : undefined);
};

const coverOf = ({ stretches }: PoolLeases, block: bigint, since: number): Stretch | undefined =>
  stretches.find(({ from, to, at }) => from <= block && block <= to && at >= since);

/** The first block of those that nobody read lately. */
function firstStale(leases: PoolLeases, from: bigint, to: bigint): bigint | undefined {
  const since = Date.now() - FRESH;
  for (let at = from; at <= to; ) {
    const over = coverOf(leases, at, since);
    if (over === undefined) return at;
    at = over.to + 1n;
  }
  return undefined;
}

/** Reads what is not known of these blocks. */
export function wantLeases(pool: string, stretches: readonly { readonly from: bigint; readonly to: bigint }[]): void {
  const leases = known.get(pool) ?? { blocks: new Map(), stretches: [], asking: false };
  known.set(pool, leases);
  if (leases.asking) return;
  leases.asking = true;
  readAll(pool, leases, stretches)
    .catch(() => undefined)
    .finally(() => {
      leases.asking = false;
    });
}

async function readAll(
  pool: string,
  leases: PoolLeases,
  stretches: readonly { readonly from: bigint; readonly to: bigint }[],
): Promise<void> {
  let left = PAGES;
  for (const { from, to } of stretches)
    for (let first = firstStale(leases, from, to); first !== undefined; first = firstStale(leases, first, to)) {
      if (left <= 0 || known.get(pool) !== leases) return;
      const last = first + AT_ONCE - 1n < to ? first + AT_ONCE - 1n : to;
      left -= await readStretch(pool, leases, { from: first, to: last }, left);
    }
}

/** Page by page, as many as are left. @returns how many it took */
async function readStretch(
  pool: string,
  leases: PoolLeases,
  { from, to }: { from: bigint; to: bigint },
  left: number,
): Promise<number> {
  let begin = from;
  let rows: LeaseRow[] = [];
  let cursor: string | undefined;
  for (let taken = 1; taken <= left; taken += 1) {
    const at = Date.now();
    const range = { fromBlock: from.toString(16), toBlock: to.toString(16) };
    const query = { vrf: vrf.value, ...range, ...(cursor === undefined ? {} : { cursor }) };
    const page = await ask('listLeases', { path: { pool }, query });
    if (known.get(pool) !== leases) return taken;
    rows.push(...page.leases);
    cursor = page.nextCursor;
    // Of the block in which a page ends there may be more.
    const next = cursor === undefined ? to + 1n : (blockOfRow(rows.at(-1)) ?? begin);
    if (next > begin) {
      note(
        leases,
        { from: begin, to: next - 1n, at },
        rows.filter((row) => (blockOfRow(row) ?? 0n) < next),
      );
      rows = rows.filter((row) => (blockOfRow(row) ?? 0n) >= next);
      begin = next;
      leasesRead.value += 1;
    }
    if (cursor === undefined) return taken;
  }
  return left;
}

const blockOfRow = (row: LeaseRow | undefined): bigint | undefined => row && BigInt(`0x${row.slot.block}`);

function note(leases: PoolLeases, stretch: Stretch, rows: readonly LeaseRow[]): void {
  const { from, to } = stretch;
  for (const block of leases.blocks.keys()) if (from <= block && block <= to) leases.blocks.delete(block);
  const found = new Map<bigint, LeaseRow[]>();
  for (const row of rows) {
    const block = blockOfRow(row) ?? 0n;
    const there = found.get(block);
    if (there === undefined) found.set(block, [row]);
    else there.push(row);
  }
  for (const [block, some] of found) leases.blocks.set(block, some);
  leases.stretches = [stretch, ...leases.stretches.filter((one) => one.from < from || to < one.to)];
}
