/**
 * History against an independent record of what happened: whatever order the stream's records come in, however often and in which
 * batches, and wherever a write fails. Before all of them came, an answer is right or says that it is not known.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { AddressHistory } from '../../../../core/contract/history.ts';
import type { LeaseChange } from '../../../../core/protocol/counter.ts';
import type { HistoryStore } from '../../../../core/store.ts';
import { leaseChange } from '../../../../functions/store/lease-changes.ts';
import { recordHistory } from '../../../../functions/use-cases/changes/record-history.ts';
import { addressHistory } from '../../../../functions/use-cases/questions/address-history.ts';
import { leaseHistory } from '../../../../functions/use-cases/questions/lease-history.ts';
import { memoryStore } from '../../../store/memory-store.ts';
import { intercepted } from '../../intercepted.ts';
import { slotRecords } from '../../slot-records.ts';
import { attachmentOf, callOf, operatorsPool, START, world } from '../../world.ts';

const SLOTS = 2;
const NODES = ['i-1', 'i-2'];
const PODS = ['web-0', 'web-1'];
const operation = fc.record({
  slot: fc.nat(SLOTS - 1),
  kind: fc.constantFrom('hold', 'hold', 'release', 'sweep', 'evict', 'again'),
  node: fc.constantFrom(...NODES),
  pod: fc.constantFrom(...PODS),
  after: fc.constantFrom(1, 1_000, 400_000),
});
/** Where a batch begins, how many records it has, whether it is turned round, and which of its writes fails. */
const batch = fc.record({
  from: fc.nat(24),
  length: fc.integer({ min: 1, max: 24 }),
  turned: fc.boolean(),
  fails: fc.nat(20),
});
const plans = fc.record({
  operations: fc.array(operation, { minLength: 1, maxLength: 40 }),
  batches: fc.array(batch, { maxLength: 8 }),
});
type Plan = typeof plans extends fc.Arbitrary<infer T> ? T : never;

interface Tenure {
  readonly slot: number;
  readonly node: string;
  readonly pod: string;
  readonly from: number;
  readonly to?: number;
}

/** Carries the operations out, and notes by itself what happened. */
async function happened({ operations }: Plan) {
  const here = world(memoryStore());
  const pool = await operatorsPool(here, { addresses: SLOTS, blockSize: 4, cooldownSeconds: 0 });
  await here.store.history.noteBegun(START - 1);
  await here.store.pools.noteJoined(pool.id, 0n);
  const { store, records } = slotRecords(here.store, () => here.clock.now);
  const tenures: Tenure[] = [];
  for (const [n, { slot, kind, node, pod, after }] of operations.entries()) {
    here.clock.now += after;
    const now = here.clock.now;
    const key = { pool: pool.id, block: 0n, slot };
    const open = tenures.findIndex((one) => one.slot === slot && one.to === undefined);
    const current = await store.leases.readSlot(key);
    const ending = { endedAt: now, reusableAt: now };
    if (kind === 'hold') {
      const holding = { attachment: attachmentOf(n), nonce: `n${n}`, node, incarnation: 1, heldAt: now };
      const named = { ...holding, pod: { namespace: `of-${pod}`, name: pod, uid: `u-${n}` } };
      const { held } = await store.leases.hold(key, named, 99);
      if (held) tenures.push({ slot, node, pod, from: now });
      continue;
    }
    const holding = current?.held ? current.holding : undefined;
    if (holding === undefined) continue;
    const by = { ...holding.attachment, node: holding.node, nonce: holding.nonce };
    // Its answer was lost, and it is asked again.
    if (kind === 'again') await store.leases.hold(key, holding, 99);
    else if (kind === 'release') await store.leases.release(key, by, ending);
    else if (kind === 'sweep') await store.leases.sweep(key, { node: holding.node, incarnation: 1 }, ending);
    else await store.leases.evict(key, 99 + n, ending);
    const is = await store.leases.readSlot(key);
    if (is?.held === false) tenures[open] = { ...(tenures[open] as Tenure), to: now };
  }
  return { here, records: records.map((one) => leaseChange(one) as LeaseChange), tenures };
}

const isAt = ({ from, to }: Tenure, at: number): boolean => from <= at && (to ?? Number.POSITIVE_INFINITY) > at;
const textOf = (at: number) => new Date(at).toISOString();
const shown = ({ node, pod, from, to }: Tenure) => ({
  node,
  pod,
  from: textOf(from),
  ...(to === undefined ? {} : { to: textOf(to) }),
});
const told = ({ leases }: Pick<AddressHistory, 'leases'>) =>
  leases.map(({ node, pod, from, to }) => ({ node, pod: pod?.name, from, ...(to === undefined ? {} : { to }) }));

type Broken = (history: HistoryStore) => HistoryStore;

async function played(plan: Plan, record: typeof recordHistory, broken: Broken) {
  const { here, records, tenures } = await happened(plan);
  const store = { ...here.store, history: broken(here.store.history) };
  const deliver = async (changes: readonly LeaseChange[], fails: number) => {
    let writes = 0;
    const failing = intercepted(store, async (name, _, proceed) => {
      if (!name.startsWith('record')) return proceed();
      writes += 1;
      const outcome = writes === fails ? undefined : await proceed();
      if (writes === fails || writes + 10 === fails) throw new Error('DynamoDB does not answer');
      return outcome;
    });
    await record(here.environment({ store: failing }), changes).catch(() => undefined);
  };
  const deps = here.environment({ store });
  const moments = [...new Set(tenures.flatMap(({ from, to = from }) => [from - 1, from, to - 1, to]))];
  const ask = async (mayBeUnknown: boolean) => {
    for (const at of moments)
      for (let slot = 0; slot < SLOTS; slot += 1) {
        const answer = await addressHistory(deps, { vrf: 'default', address: `10.1.1.${slot}`, at: textOf(at) });
        if (mayBeUnknown && answer.state === 'unknown') continue;
        expect([answer.state, told(answer)]).toEqual(
          [tenures.filter((one) => one.slot === slot && isAt(one, at))].map((is) =>
            is.length > 0 ? ['held', is.map(shown)] : ['free', []],
          )[0],
        );
      }
  };
  await ask(true);
  for (const { from, length, turned, fails } of plan.batches) {
    const some = records.slice(from, from + length);
    await deliver(turned ? some.reverse() : some, fails);
  }
  await ask(true);
  for (let from = 0; from < records.length; from += 5) await deliver(records.slice(from, from + 5), 0);
  await ask(false);
  for (let slot = 0; slot < SLOTS; slot += 1) {
    const whole = await addressHistory(deps, { vrf: 'default', address: `10.1.1.${slot}` });
    expect(whole.unknown).toEqual([]);
    expect(told(whole)).toEqual(tenures.filter((one) => one.slot === slot).map(shown));
  }
  const sorted = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).sort();
  const of = async (query: { node?: string; namespace?: string; pod?: string }) => {
    const rows: ReturnType<typeof told> = [];
    for (let cursor: string | undefined, page = 0; page === 0 || cursor !== undefined; page += 1) {
      const answer = await leaseHistory(deps, callOf('user/ann'), {
        vrf: 'default',
        ...query,
        ...(cursor === undefined ? {} : { cursor }),
      });
      rows.push(...told(answer));
      cursor = answer.nextCursor;
    }
    return sorted(rows);
  };
  for (const pod of PODS)
    expect(await of({ namespace: `of-${pod}`, pod })).toEqual(
      sorted(tenures.filter((one) => one.pod === pod).map(shown)),
    );
  // What nodes hold is read from their items, which are not made here.
  for (const node of NODES)
    expect(await of({ node })).toEqual(
      sorted(tenures.filter((one) => one.node === node && one.to !== undefined).map(shown)),
    );
}

const property = (record: typeof recordHistory, broken: Broken = (same) => same) =>
  fc.asyncProperty(plans, (plan) => played(plan, record, broken));

it('Who had an address, and what pods and nodes had, is what happened', () =>
  fc.assert(property(recordHistory), { numRuns: 60 }));

const withEnds =
  (change: (lease: NonNullable<LeaseChange['ended']>) => object): typeof recordHistory =>
  (deps, changes) =>
    recordHistory(
      deps,
      changes.map((one) => (one.ended === undefined ? one : { ...one, ended: { ...one.ended, ...change(one.ended) } })),
    );

it.each<[string, typeof recordHistory, Broken?]>([
  ['ends of which it is not known when the one before was', withEnds(() => ({ previousEndedAt: 0 }))],
  [
    'ends at the time of the record, in seconds',
    withEnds(({ endedAt }) => ({ endedAt: Math.floor(endedAt / 1000) * 1000 })),
  ],
  [
    'the new holder in place of the old one',
    (deps, changes) =>
      recordHistory(
        deps,
        changes.map((one) =>
          one.ended && one.began
            ? { ...one, ended: { ...one.ended, ...one.began } }
            : { ...one, ...(one.began ? { ended: { ...one.began, endedAt: one.began.holding.heldAt + 1 } } : {}) },
        ),
      ),
  ],
  [
    'a store that keeps a lease by its slot alone',
    recordHistory,
    (history) => ({
      ...history,
      recordEnded: (lease, at) =>
        history.recordEnded({ ...lease, endedAt: 0, holding: { ...lease.holding, nonce: 'n' } }, at),
    }),
  ],
  [
    'a store whose notes replace those of the same period',
    recordHistory,
    (history) => {
      const last = new Map<string, readonly unknown[]>();
      return {
        ...history,
        recordNotes: async ({ period, lane }, notes) => void last.set(`${period} ${lane}`, notes),
        readNotes: async ({ from, to, lane }) =>
          Array.from({ length: to - from }, (_, n) => last.get(`${from + n} ${lane}`) ?? []).flat() as never,
      };
    },
  ],
  ['a batch whose failed write counts as done', (deps, changes) => recordHistory(deps, changes.slice(0, -1))],
])('That finds out %s', async (_, record, broken) => {
  await expect(fc.assert(property(record, broken), { seed: 1, numRuns: 1000, endOnFailure: true })).rejects.toThrow(
    'Property failed',
  );
});
