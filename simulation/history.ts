/** What history says in the end, against the leases that the run saw end. */
import { blockKeyToText, type SlotKey } from '../core/protocol/slot-ref.ts';
import type { EndedLease } from './mirror.ts';
import type { Stage } from './stage.ts';

const MOST = 10_000;
/** Of a run: about any lease, and about those of which the reader may not have heard. */
const QUESTIONS = 25;
const MOST_LOST = 100;

interface Told {
  readonly nonce: string;
  readonly node: string;
  readonly from: number;
  readonly to: number;
}
const textOf = ({ nonce, node, from, to }: Told): string => `${nonce} of ${node} from ${from} to ${to}`;
const nameOf = (key: SlotKey): string => `${blockKeyToText(key)}:${key.slot}`;

/** Each lease that ended is in it, once, and nothing else: but those of which the reader never heard. */
export async function lookAtHistory(stage: Stage): Promise<void> {
  const { mirror, stream, here, witness } = stage;
  const unheard = new Set(stream.givenUp.map(({ before }) => before?.holding?.nonce));
  const bySlot = new Map<string, EndedLease[]>();
  for (const lease of mirror.ended) bySlot.set(nameOf(lease.key), [...(bySlot.get(nameOf(lease.key)) ?? []), lease]);
  for (const leases of bySlot.values()) {
    const { key } = leases[0] as EndedLease;
    const kept = await mirror.store.history.readEnded(key, 0, { now: here.clock.now, limit: MOST });
    const said = new Set(
      kept.map(({ holding: { nonce, node, heldAt }, endedAt }) => textOf({ nonce, node, from: heldAt, to: endedAt })),
    );
    // Copies of one request that were ended by copies within a second: one lease, as history has it.
    const isToldAs = (nonce: string, end: number) =>
      kept.some((one) => one.holding.nonce === nonce && one.endedAt === end);
    for (const { holding, ends } of leases) {
      const { nonce, node, heldAt } = holding;
      const right = ends.map((to) => textOf({ nonce, node, from: heldAt, to }));
      const isTold = right.some((lease) => said.delete(lease)) || ends.some((end) => isToldAs(nonce, end));
      if (!isTold && !unheard.has(nonce))
        witness.fail({ property: 'history', what: `${nameOf(key)} lacks ${right.join(', or ')}` });
    }
    for (const more of said) witness.fail({ property: 'history', what: `${nameOf(key)} never had ${more}` });
  }
  if (mirror.ended.length === 0) return;
  const lost = mirror.ended.filter(({ holding }) => unheard.has(holding.nonce)).slice(0, MOST_LOST);
  const some = Array.from({ length: QUESTIONS }, () => stage.chance.pick(mirror.ended));
  for (const lease of [...lost, ...some]) await ask(stage, unheard, lease);
}

/** Who had an address at a time: the node, or nobody; it may say that it does not know where the reader never heard. */
async function ask(stage: Stage, unheard: ReadonlySet<string | undefined>, lease: EndedLease): Promise<void> {
  const { chance, mirror, pools, witness } = stage;
  const { key, holding, ends } = lease;
  const [endedAt] = ends;
  const at =
    unheard.has(holding.nonce) || chance.happens(0.5)
      ? Math.floor((holding.heldAt + endedAt) / 2)
      : endedAt + chance.under(60_000);
  const isThen = (from: number, to: number) => from <= at && at < to;
  const ofSlot = mirror.ended.filter((one) => nameOf(one.key) === nameOf(key));
  const past = ofSlot.filter((one) => isThen(one.holding.heldAt, one.ends[0]));
  if (ofSlot.some((one) => one.ends.length > 1 && isThen(one.holding.heldAt, Math.max(...one.ends)))) return;
  // Of a lease of which the reader never heard, and which ended by a request that was meant for an earlier one, nothing is left.
  if (past.some(({ holding: { nonce }, cameLate }) => cameLate && unheard.has(nonce))) return;
  // A lease that a late copy began and a late copy ended leaves no time behind: a third copy then says that it began before that.
  const isBeside = (one: EndedLease) => (other: EndedLease) =>
    other !== one && other.cameLate && other.ends[0] > one.holding.heldAt && other.holding.heldAt < one.ends[0];
  if (past.some((one) => ofSlot.some(isBeside(one)))) return;
  const now = mirror.slot(key);
  const isHeldNow = now?.held === true && isThen(now.holding?.heldAt ?? 0, Number.POSITIVE_INFINITY);
  const right = past[0]?.holding.node ?? (isHeldNow ? now.holding?.node : undefined);
  const query = { vrf: 'default', address: pools.addressOf(key), at: new Date(at).toISOString() };
  const { leases, state } = await stage.whoHad(stage.environment(), query);
  const said = leases[0]?.node;
  if (said === right || (state === 'unknown' && unheard.size > 0)) return;
  witness.fail({
    property: 'history',
    what: `${query.address} at ${query.at} was ${right}’s, and history says ${state} ${said}`,
  });
}
