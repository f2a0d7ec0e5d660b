/** Who had an address at a time: asked a thousand times of a recorded day. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { recordHistory } from '../../functions/use-cases/changes/record-history.ts';
import { addressHistory } from '../../functions/use-cases/questions/address-history.ts';
import { type Mirror, mirrorOf } from '../../simulation/mirror.ts';
import { bySeed, makeRepeatable } from '../../simulation/repeatable.ts';
import { streamOf } from '../../simulation/stream.ts';
import { newWitness } from '../../simulation/witness.ts';
import { counted } from '../functions/intercepted.ts';
import { atOnce, lessonWorld } from '../lessons/lesson-world.ts';
import { chanceOf } from '../linearizability/chance.ts';
import { type LocalTables, localTables } from '../store/local-tables.ts';
import { type RecordedDay, recordDay, type Tenure } from './recorded-day.ts';

const SEED = 11;
const QUESTIONS = 1000;
const range = (subnet: string, rangeStart: string, rangeEnd: string) => ({ subnet, rangeStart, rangeEnd });

let local: LocalTables;
beforeAll(async () => {
  local = await localTables();
});
afterAll(() => local?.stop());
let restore: () => void;
beforeAll(() => {
  restore = makeRepeatable();
});
afterAll(() => restore());

/** Whose it was then, by the record; a tenure of which the service heard when it was over is nobody's. */
const holderAt = ({ tenures }: RecordedDay, address: string, at: number): Tenure | undefined =>
  tenures.find(
    ({ addresses, from, to }) =>
      addresses.includes(address) && from !== undefined && from <= at && at < (to ?? Number.POSITIVE_INFINITY),
  );

it('has 1,000 right answers about a day with reuse, dual-stack, pods of one name, an outage and a death, by two requests each', async () => {
  const chance = chanceOf(SEED);
  let mirror: Mirror | undefined;
  const lesson = await lessonWorld(local.endpoint, (here) => {
    const around = {
      witness: newWitness(),
      schedule: atOnce(here.clock),
      blockSize: () => 0,
      addressOf: () => '',
      keptMs: () => undefined,
      idOf: () => '',
    };
    mirror = mirrorOf(here.store, { ...around, now: () => here.clock.now });
    return mirror.store;
  });
  const stream = streamOf(mirror?.writes ?? [], chance, 0);
  // Of what was before the first change ever, history says that it does not know it.
  const reader = lesson.here.environment();
  await recordHistory(reader, []);
  lesson.here.clock.now += 60_000;
  const four = range('10.9.0.0/16', '10.9.1.0', '10.9.1.23');
  const six = range('fd00:9::/64', 'fd00:9::100', 'fd00:9::117');
  await lesson.pool('dual', { ranges: [[four], [six]], blockSize: 8 });
  const owned = { ranges: [[range('10.8.0.0/16', '10.8.1.0', '10.8.1.79')]], blockSize: 8, affinity: 'node' };
  await lesson.pool('green', owned);
  const day = await bySeed(SEED, () => recordDay(lesson, chance, () => stream.oneBatch(lesson.here.environment())));
  await stream.rest(reader);
  const { store, requests } = counted(lesson.here.store);
  const deps = lesson.here.environment({ store });
  const had = day.tenures.flatMap(({ addresses }) => addresses);
  const wrong: string[] = [];
  let free = 0;
  let sixes = 0;
  // Of an environment that knows the pools, and since when there is history.
  await addressHistory(deps, { vrf: 'default', address: '10.9.1.0', at: new Date(day.from).toISOString() });
  await addressHistory(deps, { vrf: 'default', address: '10.8.1.0', at: new Date(day.from).toISOString() });
  let mostRequests = 0;
  for (let question = 0; question < QUESTIONS; question += 1) {
    const address = chance.pick(had);
    // Between two of the minutes in which things happen.
    const at = day.from + 60_000 * (1 + chance.under((day.to - day.from) / 60_000 - 1)) + 30_000;
    requests.length = 0;
    const { leases, state } = await addressHistory(deps, { vrf: 'default', address, at: new Date(at).toISOString() });
    mostRequests = Math.max(mostRequests, requests.length);
    const right = holderAt(day, address, at);
    if (right === undefined) free += 1;
    if (address.includes(':')) sixes += 1;
    const said = leases[0] && `${leases[0].containerId}@${leases[0].node}, ${leases[0].pod?.name}`;
    const expected = right && `${right.container}@${right.node}, ${right.pod}`;
    if (said === expected && state === (right === undefined ? 'free' : 'held')) continue;
    wrong.push(`${address} at ${new Date(at).toISOString()}: ${state} ${said}, not ${expected}`);
  }
  expect(wrong).toEqual([]);
  expect(mostRequests).toBeLessThanOrEqual(2);
  // The day has what the questions are about.
  expect(had.length).toBeGreaterThan(3 * new Set(had).size);
  expect(Math.min(free, QUESTIONS - free, sixes)).toBeGreaterThan(100);
  expect(day.tenures.filter(({ node }) => node === 'i-1').some(({ from }) => from === undefined)).toBe(true);
}, 120_000);
