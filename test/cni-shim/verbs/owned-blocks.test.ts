/** The plugin with the service's own use cases behind its fetch, in a pool whose blocks belong to nodes. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { giveBackRequest, giveBackResult } from '../../../core/contract/blocks.ts';
import {
  type AllocateRequest,
  allocateRequest,
  allocateResult,
  releaseRequest,
  releaseResult,
} from '../../../core/contract/lease.ts';
import { poolInput } from '../../../core/contract/pool.ts';
import { LessorError, problemBody } from '../../../core/contract/problems.ts';
import { routes } from '../../../core/contract/routes.ts';
import { blockFromText } from '../../../core/protocol/slot-ref.ts';
import { allocate } from '../../../functions/use-cases/add/allocate.ts';
import { giveBack } from '../../../functions/use-cases/blocks/give-back.ts';
import { release } from '../../../functions/use-cases/leases/release.ts';
import { createPool } from '../../../functions/use-cases/pools/create-pool.ts';
import { ownedPool } from '../../functions/owned-pool.ts';
import { callOf, type World, world } from '../../functions/world.ts';
import type { FakeApi } from '../fake-api.ts';
import { configuration, NETWORK, Node } from '../in-process.ts';

const api = {
  endpoint: 'http://lessor.test',
  identity: { accessKeyId: 'AKIDTESTTESTTESTTEST', secretAccessKey: 'secret', sessionToken: 'token' },
} as unknown as FakeApi;

interface Sent {
  readonly path: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was sent
  readonly body: any;
}

/** For so long a node does not propose what it has released. */
const SEEN_TAKEN_MS = 61_000;

let here: World;
let node: Node;
let sent: Sent[];
/** Paths that are not answered. */
let silent: string[];

/** What a node's request comes to at the service. */
const service = (id: string): typeof fetch => {
  const deps = here.environment();
  const answers: Record<string, (body: unknown) => Promise<unknown>> = {
    [routes.allocate.path]: async (body) =>
      z.parse(allocateResult, await allocate(deps, callOf(id), z.parse(allocateRequest, body))),
    [routes.release.path]: async (body) =>
      z.parse(releaseResult, await release(deps, callOf(id), z.parse(releaseRequest, body))),
    [routes.giveBack.path]: async (body) =>
      z.parse(giveBackResult, await giveBack(deps, callOf(id), z.parse(giveBackRequest, body))),
  };
  return async (url, init) => {
    const { pathname } = new URL(String(url));
    const body = JSON.parse(String(init?.body));
    sent.push({ path: pathname, body });
    if (silent.includes(pathname)) throw Object.assign(new Error('cut'), { code: 'ECONNRESET' });
    try {
      return Response.json(await answers[pathname]?.(body));
    } catch (error) {
      if (!(error instanceof LessorError)) throw error;
      const problem = problemBody(error);
      return Response.json(problem, { status: problem.status });
    }
  };
};

const surroundings = () => ({ fetch: service('i-1'), now: () => here.clock.now, sleep: async () => undefined });
const stdin = configuration({
  ranges: [[{ subnet: '10.0.0.0/8', rangeStart: '10.1.0.0', rangeEnd: '10.1.0.255', gateway: '10.0.0.1' }]],
});
const add = async (container: string) => {
  const called = await node.call('ADD', container, { stdin, surroundings: surroundings() });
  if (called.exitCode !== 0) throw new Error(called.stdout);
  return called.printed.ips[0].address as string;
};
const remove = (container: string) => node.call('DEL', container, { stdin, surroundings: surroundings() });
const allocations = () =>
  sent.filter(({ path }) => path === routes.allocate.path).map(({ body }) => body as AllocateRequest);
const given = () => sent.filter(({ path }) => path === routes.giveBack.path).map(({ body }) => body);
const stateOf = (block: string) => here.store.blocks.read({ pool: 'a'.repeat(16), block: blockFromText(block) });

beforeEach(async () => {
  here = world();
  await ownedPool(here, { blocks: 64, blockSize: 4, cooldownSeconds: 0, name: NETWORK });
  node = new Node(api);
  sent = [];
  silent = [];
});
afterEach(() => node.remove());

describe('a node with blocks of its own', () => {
  test('proposes slots at the generation that it was told, under nonces that begin with its journal', async () => {
    await add('c1');
    await add('c2');
    const [first, second] = allocations();
    const [block] = node.poolCache?.blocks ?? [];
    expect(first).not.toHaveProperty('proposal');
    expect(second).toMatchObject({ proposal: { block: block?.block }, generation: 1 });
    expect(first?.nonce.slice(0, 16)).toBe(second?.nonce.slice(0, 16));
    expect(first?.nonce.slice(16)).not.toBe(second?.nonce.slice(16));
    expect(node.poolCache).toMatchObject({ format: 3, journal: first?.nonce.slice(0, 16), former: [] });
  });

  test('gives a block back when its last address is released and another has room, and does not use it any more', async () => {
    for (const name of ['c1', 'c2', 'c3', 'c4', 'c5']) await add(name);
    const blocks = node.poolCache?.blocks ?? [];
    expect(blocks).toHaveLength(2);
    expect((await remove('c1')).exitCode).toBe(0);
    expect(given()).toEqual([]);
    here.clock.now += SEEN_TAKEN_MS;
    const { slot } = node.entry('c5')?.acknowledged ?? {};
    expect((await remove('c5')).exitCode).toBe(0);
    expect(given()).toMatchObject([
      { block: slot?.block, generation: 1, boot: 'boot-1', journal: node.poolCache?.journal },
    ]);
    expect(await stateOf(slot?.block ?? '')).toEqual({ state: 'free', generation: 2, forced: false });
    expect(node.returnedBlocks()).toEqual([`${slot?.pool}.${slot?.block}.1.answered`]);
    await add('c6');
    expect(allocations().at(-1)?.proposal?.block).not.toBe(slot?.block);
  });

  test('gives its only block back to nobody', async () => {
    await add('c1');
    await remove('c1');
    expect(given()).toEqual([]);
  });

  test('succeeds with its DEL where that is not answered, stops using the block, and tries again with the next DEL', async () => {
    for (const name of ['c1', 'c2', 'c3', 'c4', 'c5']) await add(name);
    await remove('c1');
    here.clock.now += SEEN_TAKEN_MS;
    const { slot } = node.entry('c5')?.acknowledged ?? {};
    silent = [routes.giveBack.path];
    expect((await remove('c5')).exitCode).toBe(0);
    expect(node.returnedBlocks()).toEqual([`${slot?.pool}.${slot?.block}.1`]);
    silent = [];
    await remove('c2');
    expect(node.returnedBlocks()).toEqual([`${slot?.pool}.${slot?.block}.1.answered`]);
    expect(await stateOf(slot?.block ?? '')).toMatchObject({ state: 'free' });
  });

  test('keeps a block at its next generation where the service knows of a lease in it', async () => {
    for (const name of ['c1', 'c2', 'c3', 'c4', 'c5']) await add(name);
    await remove('c1');
    here.clock.now += SEEN_TAKEN_MS;
    const { slot } = node.entry('c5')?.acknowledged ?? {};
    const key = { pool: 'a'.repeat(16), block: blockFromText(slot?.block ?? ''), slot: ((slot?.slot ?? 0) + 1) % 4 };
    const attachment = { network: NETWORK, containerId: 'unknown-here', ifname: 'eth0' };
    await here.store.leases.hold(key, { attachment, nonce: 'n', node: 'i-1', incarnation: 1, heldAt: 0 }, 1);
    await remove('c5');
    expect(await stateOf(slot?.block ?? '')).toMatchObject({ state: 'claimed', generation: 2 });
    expect(node.poolCache?.blocks).toContainEqual({ block: slot?.block, generation: 2 });
  });
});

describe('a node that has booted again', () => {
  test('names the blocks that it had, and goes on with them one generation later', async () => {
    await add('c1');
    const [block] = node.poolCache?.blocks ?? [];
    node.bootId = 'boot-2';
    await add('c2');
    expect(allocations()[1]).toMatchObject({ formerBlocks: [{ ...block, pool: 'a'.repeat(16) }] });
    expect(allocations()[1]).not.toHaveProperty('proposal');
    expect(node.poolCache?.blocks).toEqual([{ block: block?.block, generation: 2 }]);
    await add('c3');
    expect(allocations()[2]).toMatchObject({ proposal: { block: block?.block }, generation: 2 });
    expect(allocations()[2]).not.toHaveProperty('formerBlocks');
  });

  test('without its disk is told of them, by an answer or by a refusal', async () => {
    await add('c1');
    const [block] = node.poolCache?.blocks ?? [];
    for (let other = 0n; other < 64n; other += 1n)
      await here.store.blocks.claim(
        { pool: 'a'.repeat(16), block: other },
        { node: 'i-2', incarnation: 1, boot: 'b', journal: 'j' },
      );
    node.loseJournal();
    node.bootId = 'boot-2';
    await add('c2');
    expect(allocations().slice(1)).toMatchObject([
      { attempt: 1 },
      { attempt: 2, formerBlocks: [{ ...block, pool: 'a'.repeat(16) }] },
    ]);
    expect(node.poolCache?.blocks).toEqual([{ block: block?.block, generation: 2 }]);
  });
});

describe('pods of two namespaces whose pools are chosen by the service', () => {
  const chosen = configuration({ ranges: undefined, vrf: 'chosen' });
  const addOf = async (namespace: string, container: string) => {
    const env = { CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=${namespace};K8S_POD_NAME=p` };
    const called = await node.call('ADD', container, { stdin: chosen, env, surroundings: surroundings() });
    if (called.exitCode !== 0) throw new Error(called.stdout);
    return called.printed.ips[0].address as string;
  };
  const blocksByPool = () => node.poolCaches.map(({ blocks }) => blocks.length);

  beforeEach(async () => {
    for (const [name, policy] of [
      ['shop', { namespaces: ['shop'] }],
      ['rest', { default: true }],
    ] as const) {
      const subnet = name === 'shop' ? '10.71.0.0/24' : '10.72.0.0/24';
      const input = { vrf: 'chosen', name, affinity: 'node', ranges: [[{ subnet }]], blockSize: 16, ...policy };
      await createPool(here.environment(), z.parse(poolInput, input), false);
    }
  });

  test('alternate with one request each, in one block of each pool, and after a reboot in the same blocks', async () => {
    for (let turn = 0; turn < 3; turn++) {
      expect(await addOf('shop', `shop-${turn}`)).toMatch(/^10\.71\./);
      expect(await addOf('bank', `bank-${turn}`)).toMatch(/^10\.72\./);
    }
    expect(allocations()).toHaveLength(6);
    const [shop, rest] = allocations().slice(2, 4);
    expect(allocations().map(({ proposal }) => proposal?.pool)).toEqual([
      undefined,
      undefined,
      ...[shop, rest, shop, rest].map((request) => request?.proposal?.pool),
    ]);
    expect(new Set([undefined, shop?.proposal?.pool, rest?.proposal?.pool]).size).toBe(3);
    expect(blocksByPool()).toEqual([1, 1]);
    const before = new Map(
      node.poolCaches.map(({ pool, blocks }) => [pool.name, blocks.map((block) => ({ ...block, pool: pool.id }))]),
    );

    node.bootId = 'boot-2';
    for (const namespace of ['shop', 'bank']) await addOf(namespace, `${namespace}-again`);
    expect(allocations().slice(6)).toMatchObject([
      { formerBlocks: before.get('shop') },
      { formerBlocks: before.get('rest') },
    ]);
    for (const { pool, blocks } of node.poolCaches)
      expect(blocks).toEqual(before.get(pool.name)?.map(({ block }) => ({ block, generation: 2 })));
  });
});

describe('a node that lost its journal in the same boot', () => {
  test('uses no block of it, even where the state is left', async () => {
    await add('c1');
    const [block] = node.poolCache?.blocks ?? [];
    node.write('DELETE FROM lease');
    node.write("UPDATE meta SET value = 'fedcba9876543210' WHERE key = 'journal'");
    await add('c2');
    const [first, second] = allocations();
    expect(second?.nonce.slice(0, 16)).not.toBe(first?.nonce.slice(0, 16));
    expect(second).not.toHaveProperty('proposal');
    expect(node.poolCache?.blocks.map(({ block }) => block)).not.toContain(block?.block);
    expect(await stateOf(block?.block ?? '')).toMatchObject({ generation: 1 });
  });

  test('makes another where its file was cut off', async () => {
    mkdirSync(dirname(node.journalPath), { recursive: true });
    writeFileSync(node.journalPath, '');
    await add('c1');
    await add('c2');
    const [first, second] = allocations();
    expect(first?.nonce).toMatch(/^[0-9a-f]{32}$/);
    expect(second?.nonce.slice(0, 16)).toBe(first?.nonce.slice(0, 16));
  });
});
