/** The dry run of silence as evidence, for a deployment that may or may not have it. */
import { expect, it } from 'vitest';
import * as z from 'zod/mini';
import { foreseeSilenceResult, type SilentNode } from '../../../../core/contract/silence.ts';
import { heartbeat } from '../../../../functions/use-cases/nodes/heartbeat.ts';
import { foreseeSilence } from '../../../../functions/use-cases/questions/foresee-silence.ts';
import { declareSilent } from '../../../../functions/use-cases/reclaim/declare-silent.ts';
import { counted } from '../../intercepted.ts';
import { add, addOf, callOf, operatorsPool, type World, world } from '../../world.ts';

const MINUTE = 60_000;
const CLUSTER = 'on-prem';
const pool = { vrf: 'default', name: 'blue' };
const operator = callOf('user/ann');

/** Ten nodes of the cluster with a lease each, of which the first `gone` were silent for three hours, the first the longest. */
async function scene(gone: number, settings: Parameters<typeof world>[1] = {}) {
  const here = world(undefined, settings);
  await operatorsPool(here, { addresses: 80, blockSize: 4 });
  const ids = Array.from({ length: 10 }, (_, n) => `rack-${n}`);
  const of = (id: string) => ({ ...callOf(id), cluster: CLUSTER });
  const say = (id: string) => heartbeat(here.environment(), of(id), { boot: 'boot-1', name: `name-of-${id}` });
  for (const [n, id] of ids.entries()) {
    await add(here.environment(), id, addOf(n, { pool }));
    here.clock.now += 1000;
    await say(id);
  }
  here.clock.now += 180 * MINUTE;
  for (const id of ids.slice(gone)) await say(id);
  return { here, ids, say };
}

const ask = (here: World, more: { cursor?: string; limit?: number; minutes?: number } = {}) =>
  foreseeSilence(here.environment(), operator, { cluster: CLUSTER, minutes: 60, limit: 100, ...more });
const named = ({ silent }: { silent: readonly SilentNode[] }) => silent.map(({ node }) => node);

it('Silence is foreseen where no deployment has it: who would be declared, what would be freed, and nothing is written', async () => {
  const { here } = await scene(2);
  const { store, requests } = counted(here.store);
  const query = { cluster: CLUSTER, minutes: 60, limit: 100 };
  const foreseen = await foreseeSilence(here.environment({ store }), operator, query);
  expect(z.parse(foreseeSilenceResult, foreseen)).toEqual(foreseen);
  expect(foreseen).toMatchObject({ cluster: CLUSTER, minutes: 60, nodes: 10, heardLately: 8, eachRun: 1 });
  expect(foreseen).not.toHaveProperty('because');
  expect(foreseen).not.toHaveProperty('watchedSince');
  expect(foreseen.silent).toMatchObject([
    { node: 'rack-0', name: 'name-of-rack-0', declared: true, wouldFree: { leases: 1, complete: true } },
    { node: 'rack-1', declared: true, wouldFree: { leases: 1 } },
  ]);
  expect(requests.filter((name) => !/^(read|list)/.test(name))).toEqual([]);
  expect(await ask(here, { minutes: 240 })).toMatchObject({ silent: [] });
});

it('What is foreseen is what the scheduled run then declares', async () => {
  const { here, ids, say } = await scene(2, { deadAfterSilence: new Map([[CLUSTER, 60]]) });
  const deaths: string[] = [];
  const foreseen = named(await ask(here));
  for (let run = 0; run < 15; run += 1) {
    const { deaths: declared = [] } = (await declareSilent(here.environment(), { remainingMs: () => 100_000 })) ?? {};
    deaths.push(...declared.map(({ node }) => node));
    here.clock.now += 5 * MINUTE;
    for (const id of ids.slice(2)) await say(id);
  }
  expect(foreseen).toEqual(['rack-0', 'rack-1']);
  expect(deaths).toEqual(foreseen);
  expect((await ask(here)).watchedSince).toBeDefined();
});

it('It says why a node would be spared, and why all would', async () => {
  const { here, say } = await scene(2);
  await add(here.environment(), 'rack-0', addOf(90, { pool }));
  await here.store.nodes.noteInstance('rack-1', { state: 'running', region: 'eu-central-1', at: 1 });
  const spared = (await ask(here)).silent.map(({ declared, because }) => [declared, because]);
  expect(spared).toEqual([
    [false, 'it has leased since then'],
    [false, 'EC2 knows it, and tells when it is gone'],
  ]);
  here.clock.now += 180 * MINUTE;
  await say('rack-9');
  expect((await ask(here)).because).toBe('much fewer nodes than usual were heard of in the last 30 minutes');
});

it('Its pages together have each silent node once, the longest silent first', async () => {
  const { here, ids } = await scene(4);
  const found: string[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await ask(here, { limit: 3, ...(cursor === undefined ? {} : { cursor }) });
    expect(page.silent.length).toBeLessThanOrEqual(3);
    found.push(...named(page));
    cursor = page.nextCursor;
    if (cursor === undefined) break;
  }
  expect(found).toEqual(ids.slice(0, 4));
});
