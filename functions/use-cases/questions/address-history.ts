/** Who had an address at a time, or between two: arithmetic says in which slot it is, and pools never change that. */
import { formatAddress, parseAddress } from '../../../core/addresses/address.ts';
import type { AddressHistory, AddressHistoryQuery } from '../../../core/contract/history.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import { poolAt } from '../../../core/pools/registry.ts';
import { type SlotKey, slotToWire } from '../../../core/protocol/slot-ref.ts';
import type { Dependencies } from '../dependencies.ts';
import { freshRegistry, knownPool, rememberedRegistry } from '../known-pools.ts';
import type { KnownPool } from '../memory.ts';
import { pastLease, timeText } from './past-lease.ts';
import { type Timeline, type TimeSpan, timeline } from './timeline.ts';

/** Of the leases of an address so many are read at once. */
const PAGE = 200;

/**
 * At one moment: a read of the slot and a Query, where the pool was looked up a short while ago. @throws LessorError request.invalid
 */
export async function addressHistory(deps: Dependencies, query: AddressHistoryQuery): Promise<AddressHistory> {
  const { vrf, address: text } = query;
  const address = parseAddress(text);
  if (address === undefined) {
    const remedy = 'write it like 10.1.0.5 or fd00::5, without a prefix length';
    throw new LessorError('request.invalid', `address ${JSON.stringify(text)} is not an IP address`, { remedy });
  }
  const span = spanOf(query, deps.now());
  const isOfMoment = query.at !== undefined;
  const found = { address: formatAddress(address), vrf };
  const remembered = rememberedRegistry(deps, vrf);
  // A pool that is not in it may have come to be since.
  const entry =
    (remembered && poolAt(remembered.values(), address)) ?? poolAt((await freshRegistry(deps, vrf)).values(), address);
  const pool = entry && (await knownPool(deps, entry.id));
  const at = pool?.space.find(address);
  if (pool === undefined || at === undefined)
    return { ...found, ...(isOfMoment ? { state: 'outside' as const } : {}), leases: [], unknown: [] };
  const slot = { pool: pool.definition.id, block: at.block, slot: at.slot };
  const { nextCursor, ...known } = await leasesOf(deps, pool, slot, { ...span, cursor: query.cursor });
  const leases = known.tenures.map((tenure) => pastLease(pool, slot, tenure));
  return {
    ...found,
    pool: pool.definition.name,
    slot: slotToWire(slot),
    ...(isOfMoment ? { state: stateOf(known) } : {}),
    leases,
    unknown: known.unknown.map(({ from, to }) => ({ from: timeText(from), to: timeText(to) })),
    ...(nextCursor === undefined ? {} : { nextCursor }),
  };
}

const stateOf = ({ tenures, unknown }: Timeline) =>
  tenures.length > 0 ? 'held' : unknown.length > 0 ? 'unknown' : 'free';

/** @throws LessorError request.invalid */
export function spanOf(
  { at, from, to }: { at?: string | undefined; from?: string | undefined; to?: string | undefined },
  now: number,
): TimeSpan {
  if (at !== undefined && (from !== undefined || to !== undefined))
    throw new LessorError('request.invalid', `query.at ${at} is given beside from or to`, {
      remedy: 'give either at, or from and to',
    });
  const span =
    at === undefined
      ? { from: from === undefined ? 0 : Date.parse(from), to: to === undefined ? now : Math.min(now, Date.parse(to)) }
      : { from: Date.parse(at), to: Date.parse(at) };
  if (span.from <= span.to && span.from <= now) return span;
  const which = at === undefined ? `query.from ${from}` : `query.at ${at}`;
  const end =
    at === undefined && to !== undefined && Date.parse(to) <= now ? `query.to ${to}` : `now, ${timeText(now)}`;
  throw new LessorError('request.invalid', `${which} is later than ${end}`, { remedy: 'give a time before it' });
}

async function leasesOf(
  deps: Dependencies,
  { definition }: KnownPool,
  key: SlotKey,
  { from, to, cursor }: TimeSpan & { cursor: string | undefined },
): Promise<Timeline & { readonly nextCursor?: string }> {
  const after = cursor === undefined ? from : Math.max(from, Number.parseInt(cursor, 10));
  const limit = from === to ? 1 : PAGE;
  const [slot, kept] = await Promise.all([
    deps.store.leases.readSlot(key),
    deps.store.history.readEnded(key, after, { now: deps.now(), limit }),
  ]);
  const isWhole = kept.length < limit;
  const first = kept[0] ?? (slot?.held ? { ...slot, previousEndedAt: slot.endedAt } : undefined);
  const isUnsaid = first?.holding !== undefined && first.previousEndedAt === undefined && first.holding.heldAt > after;
  const begun = cursor === undefined && isUnsaid ? await begunAt(deps) : undefined;
  const since = Date.parse(definition.createdAt);
  const nothingBefore = begun !== undefined && since >= begun;
  const known = timeline({ from: after, to }, kept, { slot: isWhole ? slot : undefined, nothingBefore, since });
  const last = kept.at(-1)?.endedAt ?? 0;
  return isWhole || from === to || last > to ? known : { ...known, nextCursor: String(last) };
}

/** When the first change ever was kept, which never changes; undefined where none was. */
async function begunAt({ store, memory, now }: Dependencies): Promise<number | undefined> {
  const known = memory.historyBegun.get('', now());
  if (known !== undefined) return known;
  const begun = await store.history.readBegun();
  if (begun !== undefined) memory.historyBegun.set('', begun, now());
  return begun;
}
