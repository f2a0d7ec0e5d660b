/**
 * Pools and leases against a model that fits on a page: which pools there are, who holds which address, what cools until
 * when. Commands come in any order; what the service answers has to be what the model allows.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { poolInput } from '../../../core/contract/pool.ts';
import { LessorError, type ProblemCode } from '../../../core/contract/problems.ts';
import { allows, type SlotState } from '../../../core/protocol/lease.ts';
import type { Store } from '../../../core/store.ts';
import type { Dependencies } from '../../../functions/use-cases/dependencies.ts';
import { emptyMemory } from '../../../functions/use-cases/memory.ts';
import { changePool } from '../../../functions/use-cases/pools/change-pool.ts';
import { createPool } from '../../../functions/use-cases/pools/create-pool.ts';
import { deletePool } from '../../../functions/use-cases/pools/delete-pool.ts';
import { usage } from '../../../functions/use-cases/questions/usage.ts';
import { memoryStore } from '../../store/memory-store.ts';
import { add, addOf, attachmentOf, callOf, del, delOf, nonceOf, type World, world } from '../world.ts';

const NAMES = ['blue', 'green'] as const;
/** Few enough that addresses are soon used again, and more than the smallest pool has. */
const CONTAINERS = 11;
type Name = (typeof NAMES)[number];
/** A range of eight addresses without a gateway among them. */
const rangeOf = (n: number) => ({
  subnet: '10.0.0.0/24',
  rangeStart: `10.0.0.${8 * n + 8}`,
  rangeEnd: `10.0.0.${8 * n + 15}`,
  gateway: '10.0.0.1',
});
const addressesOf = (ranges: readonly number[]) =>
  ranges.flatMap((n) => Array.from({ length: 8 }, (_, k) => `10.0.0.${8 * n + 8 + k}/24`));

interface ModelPool {
  ranges: number[];
  state: 'active' | 'draining';
  cooldown: number;
}
interface Model {
  pools: Map<Name, ModelPool>;
  /** By container: where and what it holds. */
  held: Map<number, { pool: Name; address: string; node: string }>;
  /** By pool and address: until when (ms) it cools. */
  cooling: Map<string, number>;
  now: number;
}
interface Real {
  here: World;
  deps: Dependencies;
}
type Command = fc.AsyncCommand<Model, Real>;

/** The result, or the code of the refusal. */
const outcomeOf = async <T>(work: Promise<T>): Promise<T | ProblemCode> =>
  work.catch((error: unknown) => {
    if (error instanceof LessorError) return error.code;
    throw error;
  });
const used = (model: Model) => new Set([...model.pools.values()].flatMap(({ ranges }) => ranges));
const command = (
  text: string,
  run: (model: Model, real: Real) => Promise<void>,
  check = (_: Model) => true,
): Command => ({
  check,
  run,
  toString: () => text,
});
const operator = callOf('user/ann');
const change = (name: Name) => ({ vrf: 'default', name, ifMatch: undefined, dryRun: false });

const create = (name: Name, ranges: number[], cooldown: number) =>
  command(`create ${name} with ranges ${ranges} and a cooldown of ${cooldown} s`, async (model, { deps }) => {
    const input = z.parse(poolInput, { name, ranges: [ranges.map(rangeOf)], blockSize: 4, cooldownSeconds: cooldown });
    const outcome = await outcomeOf(createPool(deps, input, false));
    const there = model.pools.get(name);
    if (there) {
      const same = JSON.stringify(there.ranges) === JSON.stringify(ranges) && there.cooldown === cooldown;
      if (same) expect(outcome).toMatchObject({ created: false });
      else expect(outcome).toBe('pool.conflict');
    } else if (ranges.some((range) => used(model).has(range))) expect(outcome).toBe('pool.overlap');
    else {
      expect(outcome).toMatchObject({ created: true });
      model.pools.set(name, { ranges, state: 'active', cooldown });
    }
  });

const grow = (name: Name, range: number) =>
  command(`grow ${name} by range ${range}`, async (model, { deps }) => {
    const pool = model.pools.get(name);
    const ranges = [[...(pool?.ranges ?? []), range].map(rangeOf)];
    const outcome = await outcomeOf(changePool(deps, change(name), { ranges }));
    if (!pool) expect(outcome).toBe('pool.unknown');
    else if (pool.ranges.includes(range)) expect(outcome).toBe('request.invalid');
    else if (used(model).has(range)) expect(outcome).toBe('pool.overlap');
    else {
      expect(outcome).toMatchObject({ pool: { capacity: String(8 * (pool.ranges.length + 1)) } });
      pool.ranges = [...pool.ranges, range];
    }
  });

const set = (name: Name, state: 'active' | 'draining') =>
  command(`set ${name} ${state}`, async (model, { deps }) => {
    const pool = model.pools.get(name);
    const outcome = await outcomeOf(changePool(deps, change(name), { state }));
    if (pool) pool.state = state;
    else expect(outcome).toBe('pool.unknown');
  });

const remove = (name: Name) =>
  command(`delete ${name}`, async (model, { deps }) => {
    const outcome = await outcomeOf(deletePool(deps, operator, change(name)));
    const held = [...model.held.values()].filter(({ pool }) => pool === name).length;
    if (!model.pools.has(name)) expect(outcome).toBe('pool.unknown');
    else if (held > 0) expect(outcome).toBe('pool.held');
    else {
      expect(outcome).toMatchObject({ deleted: true });
      model.pools.delete(name);
      // Another pool of the name is another pool: nothing of it cools.
      for (const key of model.cooling.keys()) if (key.startsWith(`${name} `)) model.cooling.delete(key);
    }
  });

const start = (container: number, node: string, name: Name) =>
  command(
    `container ${container} starts on ${node} with ${name}`,
    async (model, { deps }) => {
      const request = addOf(container, { attachment: attachmentOf(container, name), pool: { vrf: 'default', name } });
      const outcome = await outcomeOf(add(deps, node, request));
      const pool = model.pools.get(name);
      if (!pool) return expect(outcome).toBe('pool.unknown');
      if (pool.state === 'draining') return expect(outcome).toBe('pool.draining');
      const taken = new Set([...model.held.values()].map(({ address }) => address));
      const open = addressesOf(pool.ranges).filter((address) => !taken.has(address));
      const free = open.filter((address) => (model.cooling.get(`${name} ${address}`) ?? 0) <= model.now);
      if (free.length === 0) return expect(outcome).toBe(open.length > 0 ? 'pool.cooling' : 'pool.exhausted');
      const address = typeof outcome === 'string' ? outcome : outcome.addresses[0]?.address;
      expect(free).toContain(address);
      model.held.set(container, { pool: name, address: address ?? '', node });
    },
    (model) => !model.held.has(container),
  );

const stop = (container: number, knows: boolean) =>
  command(
    `container ${container} ends${knows ? '' : ', and its slot is unknown'}`,
    async (model, { deps }) => {
      const lease = model.held.get(container);
      if (!lease) return;
      const { pool, address, node } = lease;
      const { released } = await del(
        deps,
        node,
        delOf(container, { attachment: attachmentOf(container, pool), nonce: nonceOf(container), acknowledged: false }),
      );
      expect(released).toHaveLength(1);
      model.held.delete(container);
      model.cooling.set(`${pool} ${address}`, model.now + (model.pools.get(pool)?.cooldown ?? 0) * 1000);
      if (!knows) expect((await del(deps, node, delOf(container))).released).toEqual([]);
    },
    (model) => model.held.has(container),
  );

const wait = (seconds: number) =>
  command(`${seconds} s pass`, async (model, { here }) => {
    model.now += seconds * 1000;
    here.clock.now = model.now;
  });

const count = (name: Name) =>
  command(
    `count ${name}`,
    async (model, { deps }) => {
      const pool = model.pools.get(name);
      const held = [...model.held.values()].filter((lease) => lease.pool === name).length;
      const cools = [...model.cooling].filter(
        ([key, until]) =>
          key.startsWith(`${name} `) &&
          until > model.now &&
          ![...model.held.values()].some(({ pool, address }) => `${pool} ${address}` === key),
      ).length;
      const capacity = 8 * (pool?.ranges.length ?? 0);
      expect(await usage(deps, operator, { vrf: 'default', name, by: undefined })).toMatchObject({
        held,
        cooling: cools,
        free: String(capacity - held - cools),
        capacity: String(capacity),
      });
    },
    (model) => model.pools.has(name),
  );

const name = fc.constantFrom(...NAMES);
const container = fc.nat(CONTAINERS);
const commands = fc.commands(
  [
    fc
      .tuple(name, fc.uniqueArray(fc.nat(4), { minLength: 1, maxLength: 2 }), fc.constantFrom(0, 60))
      .map((args) => create(...args)),
    fc.tuple(name, fc.nat(4)).map((args) => grow(...args)),
    fc
      .tuple(name, fc.constantFrom('active' as const, 'active' as const, 'draining' as const))
      .map((args) => set(...args)),
    name.map(remove),
    ...Array.from({ length: 4 }, () =>
      fc.tuple(container, fc.constantFrom('i-1', 'i-2'), name).map((args) => start(...args)),
    ),
    fc.tuple(container, fc.constantFrom('i-1', 'i-2'), name).map((args) => start(...args)),
    fc.tuple(container, fc.boolean()).map((args) => stop(...args)),
    fc.constantFrom(1, 59, 61).map(wait),
    name.map(count),
  ],
  { maxCommands: 150, size: 'max' },
);

/** @param open makes the store; a test puts a broken one in its place */
const servesAsTheModel = (open: () => Store = memoryStore) =>
  fc.asyncProperty(commands, async (all) => {
    const setup = () => {
      const here = world(open());
      // It forgets at once: what an environment remembers for 30 s is not this test's matter.
      const deps: Dependencies = Object.defineProperty(here.environment(), 'memory', { get: emptyMemory });
      const model: Model = { pools: new Map(), held: new Map(), cooling: new Map(), now: here.clock.now };
      return { model, real: { here, deps } };
    };
    await fc.asyncModelRun(setup, all);
  });

/** A store that tells slots as `told` makes them, and lets whatever is asked for be held. */
function careless(told: (slot: SlotState) => SlotState): Store {
  const store = memoryStore((operation, slot, by) => operation === 'hold' || allows(operation, slot, by));
  const readBlock: Store['leases']['readBlock'] = async (key) =>
    new Map([...(await store.leases.readBlock(key))].map(([slot, state]) => [slot, told(state)]));
  return { ...store, leases: { ...store.leases, readBlock } };
}

describe('pools and leases', () => {
  it('are at each time as a model of them says', async () => {
    await fc.assert(servesAsTheModel(), { numRuns: 300 });
  });

  it.each<[string, (slot: SlotState) => SlotState]>([
    ['hands out what cools', (slot) => ({ ...slot, reusableAt: 0 })],
    ['hands out what is held', (slot) => ({ ...slot, held: false })],
  ])('of a store that %s are found out', async (_, told) => {
    const details = await fc.check(
      servesAsTheModel(() => careless(told)),
      { seed: 1, numRuns: 300 },
    );
    expect(details.errorInstance).toMatchObject({ name: 'AssertionError' });
  });
});
