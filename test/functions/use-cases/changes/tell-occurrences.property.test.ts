/**
 * What is told of nodes, blocks and pools against an independent record of what happened: whatever order the stream's records come
 * in, however often and in which batches, and whenever EventBridge fails, each thing that happened has one id, and nothing else has.
 */
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Occurrence } from '../../../../core/protocol/occurrence.ts';
import { entryOf } from '../../../../functions/events/entry.ts';
import { occurrence } from '../../../../functions/store/occurrences.ts';
import { tellOccurrences } from '../../../../functions/use-cases/changes/tell-occurrences.ts';
import { memoryStore } from '../../../store/memory-store.ts';
import { type CheckingEvents, checkingEvents } from '../../checking-events.ts';
import { ownedPool } from '../../owned-pool.ts';
import { type TruthRecord, truthRecords } from '../../truth-records.ts';
import { world } from '../../world.ts';

const NODES = ['i-1', 'i-2'];
const BLOCKS = 2n;
const LEVELS = ['room', 'near', 'full'] as const;

const operation = fc.record({
  kind: fc.constantFrom(
    'claim',
    'claim',
    'fence',
    'abort',
    'finish',
    'finish',
    'die',
    'die',
    'sweep',
    'revive',
    'fill',
  ),
  node: fc.constantFrom(...NODES),
  block: fc.bigInt({ min: 0n, max: BLOCKS - 1n }),
  forced: fc.boolean(),
  freed: fc.nat(3),
  complete: fc.boolean(),
  level: fc.constantFrom(...LEVELS),
  after: fc.constantFrom(1, 1_000, 600_000),
});
/** Where a batch begins, how many records it has, whether it is turned round, and whether EventBridge takes only a part of it. */
const batch = fc.record({
  from: fc.nat(30),
  length: fc.integer({ min: 1, max: 30 }),
  turned: fc.boolean(),
  taken: fc.option(fc.nat(4), { nil: undefined }),
});
const plans = fc.record({
  operations: fc.array(operation, { minLength: 1, maxLength: 40 }),
  batches: fc.array(batch, { maxLength: 8 }),
});
type Plan = typeof plans extends fc.Arbitrary<infer T> ? T : never;

/** Carries the operations out, and notes by itself what happened. */
async function happened({ operations }: Plan) {
  const here = world(memoryStore());
  const pool = (await ownedPool(here, { blocks: Number(BLOCKS) })).id;
  const { store, records } = truthRecords(here.store, () => here.clock.now);
  const told: string[] = [];
  const owners = new Map<bigint, string>();
  const forcedBy = new Map<bigint, boolean>();
  const deaths = new Map<string, { declaredAt: number; freed: number; isSwept: boolean }>();
  let [level, turn]: [(typeof LEVELS)[number], number] = ['room', 0];
  for (const node of NODES) await store.nodes.join(node, [], 'boot-1', here.clock.now);
  for (const { kind, node, block, forced, freed, complete, level: next, after } of operations) {
    here.clock.now += after;
    const now = here.clock.now;
    const key = { pool, block };
    const state = await store.blocks.read(key);
    const generation = state?.generation ?? 0;
    const life = (await store.nodes.readNode(node))?.incarnation ?? 0;
    const owner = { node, incarnation: life, boot: 'boot-1', journal: 'j1' };
    if (kind === 'claim' && (await store.blocks.claim(key, owner)).claimed) {
      owners.set(block, node);
      told.push(`claimed ${block} ${generation + 1} ${node}`);
    }
    if (kind === 'fence' && state?.state === 'claimed' && (await store.blocks.fence(key, generation, forced)))
      forcedBy.set(block, forced);
    if (kind === 'abort') await store.blocks.abort(key, generation);
    if (kind === 'finish' && (await store.blocks.finish(key, generation))) {
      const because = forcedBy.get(block) ? 'reclaimed' : 'given-back';
      told.push(`returned ${block} ${generation} ${owners.get(block)} ${because}`);
      owners.delete(block);
    }
    if (kind === 'die') {
      await store.nodes.recordDeath({
        ...{ node, incarnation: life, reason: 'it burnt', declaredBy: 'user/ann', declaredAt: now, freed: 0 },
      });
      if (await store.nodes.markDead(node, life, now)) {
        deaths.set(node, { declaredAt: now, freed: 0, isSwept: false });
        told.push(`dead ${node} ${life} it burnt`);
      }
    }
    const death = deaths.get(node);
    if (kind === 'sweep' && death) {
      await store.nodes.recordSweep({ node, ...death }, { freed, ...(complete ? { sweptAt: now } : {}) });
      death.freed += freed;
      const isEnd = complete && !death.isSwept && death.freed > 0;
      if (freed > 0 || isEnd) told.push(`reclaimed ${node} ${freed} ${death.freed} ${complete}`);
      death.isSwept ||= complete;
    }
    if (kind === 'revive' && !(await store.nodes.readNode(node))?.alive)
      await store.nodes.beginLife(node, life, { boot: 'boot-1', firstOfBoot: 1, earlier: [] }, now);
    if (kind === 'fill' && next !== level) {
      turn += 1;
      await store.fills.note(pool, { level: next, use: 0.5, at: now, turn });
      if (next === 'room') told.push('recovered');
      if (next === 'full') told.push('exhausted');
      if (next === 'near' && level === 'room') told.push('near');
      level = next;
    }
  }
  return { here, records, told: told.sort() };
}

/** As the independent record has it. */
const inWords = ({ told }: CheckingEvents): string[] => {
  const distinct = new Map(told.map((one) => [one.detail.id, one]));
  return [...distinct.values()]
    .map(
      ({
        detailType,
        detail: { block, generation, node, incarnation, reason, freed, freedInAll, complete, because },
      }) => {
        switch (detailType) {
          case 'Lessor Block Claimed':
            return `claimed ${Number.parseInt(String(block), 16)} ${generation} ${node}`;
          case 'Lessor Block Returned':
            return `returned ${Number.parseInt(String(block), 16)} ${generation} ${node} ${because}`;
          case 'Lessor Node Dead':
            return `dead ${node} ${incarnation} ${reason}`;
          case 'Lessor Leases Reclaimed':
            return `reclaimed ${node} ${freed} ${freedInAll} ${complete}`;
          default:
            return { 'Lessor Pool Exhausted': 'exhausted', 'Lessor Pool Recovered': 'recovered' }[detailType] ?? 'near';
        }
      },
    )
    .sort();
};

/** Takes only the first events of a request that fails, as EventBridge may. */
function failing(events: CheckingEvents, taken: number | undefined): CheckingEvents {
  if (taken === undefined) return events;
  return {
    ...events,
    put: async (all, time) => {
      await events.put(all.slice(0, taken), time);
      throw new Error('EventBridge failed');
    },
  };
}

type Read = (record: TruthRecord) => Occurrence | undefined;

const property = (entry = entryOf, read: Read = occurrence) =>
  fc.asyncProperty(plans, async (plan) => {
    const { here, records, told } = await happened(plan);
    const events = checkingEvents(entry);
    const tell = async (some: readonly TruthRecord[], to: CheckingEvents) => {
      const deps = here.environment({ events: to });
      const occurrences = some.map(read).filter((one) => one !== undefined);
      await tellOccurrences(deps, { remainingMs: () => 10_000 }, occurrences);
    };
    for (const { from, length, turned, taken } of plan.batches) {
      const some = records.slice(from, from + length);
      await tell(turned ? some.reverse() : some, failing(events, taken)).catch(() => undefined);
    }
    // In the end each record was told, with whatever was told before.
    for (const record of records.toReversed()) await tell([record], events);
    expect(inWords(events)).toEqual(told);
  });

it('Whatever happened is told under one id, however its records are repeated, turned round, parted or late', async () => {
  await fc.assert(property(), { numRuns: 300 });
}, 60_000);

const imageless = ({ dynamodb: { OldImage: _, ...rest } }: TruthRecord) => occurrence({ dynamodb: rest });

it.each<[string, Parameters<typeof property>]>([
  [
    'ids that are drawn by chance',
    [
      (event, bus) => {
        const entry = entryOf(event, bus);
        return {
          ...entry,
          Detail: JSON.stringify({ ...JSON.parse(entry.Detail), id: randomBytes(16).toString('hex') }),
        };
      },
    ],
  ],
  ['ids of the type alone', [(event, bus) => entryOf({ ...event, key: [] }, bus)]],
  ['ids without the generation', [(event, bus) => entryOf({ ...event, key: event.key.slice(0, 2) }, bus)]],
  ['a reader that looks only at what is, and not at what was', [undefined, imageless]],
])(
  'That finds out %s',
  async (_, [entry, read]) => {
    await expect(fc.assert(property(entry, read), { seed: 1, numRuns: 300 })).rejects.toThrow('Property failed');
  },
  60_000,
);
