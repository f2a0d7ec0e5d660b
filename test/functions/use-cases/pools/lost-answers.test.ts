/** Writes of pools whose answers are lost, carried out or not: what is answered is what was done, and a repeat changes nothing. */
import { describe, expect, it } from 'vitest';
import { LessorError } from '../../../../core/contract/problems.ts';
import type { Store } from '../../../../core/store.ts';
import type { Dependencies } from '../../../../functions/use-cases/dependencies.ts';
import { storedPool } from '../../../../functions/use-cases/pools/named-pool.ts';
import { openMore } from '../../../../functions/use-cases/pools/open-blocks.ts';
import { intercepted } from '../../intercepted.ts';
import { change, create, remove } from '../../pool-requests.ts';
import { add, addOf, type World, world } from '../../world.ts';

const FIRST = { subnet: '10.1.0.0/24' };
const NEXT = { subnet: '10.2.0.0/24' };
const SMALL = { ranges: [[{ subnet: '10.1.0.0/29' }]], blockSize: 4 };

interface Operation {
  readonly before: (deps: Dependencies) => Promise<unknown>;
  readonly run: (deps: Dependencies) => Promise<unknown>;
}
const operations: Readonly<Record<string, Operation>> = {
  'creating a pool': { before: async () => undefined, run: (deps) => create(deps) },
  'growing one': {
    before: (deps) => create(deps),
    run: (deps) => change(deps, { ranges: [[FIRST, NEXT]] }, { ifMatch: 1 }),
  },
  'changing its policy': {
    before: (deps) => create(deps),
    run: (deps) => change(deps, { cooldownSeconds: 5 }, { ifMatch: 1 }),
  },
  'changing its selector': {
    before: (deps) => create(deps),
    run: (deps) => change(deps, { namespaces: ['shop'] }, { ifMatch: 1 }),
  },
  'growing, a selector and draining at once': {
    before: (deps) => create(deps),
    run: (deps) =>
      change(deps, { ranges: [[FIRST, NEXT]], nodeLabels: { rack: 'a' }, state: 'draining' }, { ifMatch: 1 }),
  },
  'deleting it': { before: (deps) => create(deps, SMALL), run: (deps) => remove(deps, { ifMatch: 1 }) },
  'opening more of it': {
    before: (deps) => create(deps, { ranges: [[{ subnet: '10.0.0.0/16' }]], blockSize: 16 }),
    run: async (deps) => {
      const [entry] = (await deps.store.pools.readRegistry('default')).pools;
      return (entry && (await openMore(deps, await storedPool(deps, entry))))?.open;
    },
  },
  'the first use of ranges': { before: async () => undefined, run: (deps) => add(deps, 'i-1', addOf(1)) },
};
const WRITES = ['createPool', 'writeRegistry', 'changePool', 'openPool'];

type Fault = (proceed: () => Promise<unknown>) => Promise<unknown>;

/** The `nth` write of a pool or a registry meets the fault. */
function faulty(store: Store, nth: number, fault: Fault): { store: Store; writes: () => number } {
  let writes = 0;
  const met = intercepted(store, (name, _, proceed) => {
    if (!WRITES.includes(name)) return proceed();
    writes += 1;
    return writes === nth ? fault(proceed) : proceed();
  });
  return { store: met, writes: () => writes };
}

/** As the SDK does it: without an answer it sends the same request again. */
const sentAgain =
  (carriedOut: boolean): Fault =>
  async (proceed) => {
    if (carriedOut) await proceed();
    return proceed();
  };
const unanswered =
  (carriedOut: boolean): Fault =>
  async (proceed) => {
    if (carriedOut) await proceed();
    throw new LessorError('service.unavailable', 'DynamoDB did not answer the request (TimeoutError)');
  };

const contents = async ({ store }: World) => {
  const { pools } = await store.pools.readRegistry('default');
  const items = await Promise.all(pools.map(({ id }) => store.pools.readPool(id)));
  const withoutId = (value: unknown) =>
    JSON.stringify(value, (key, one) =>
      key === 'id' || key === 'version' ? '' : typeof one === 'bigint' ? String(one) : one,
    );
  return withoutId([pools, items]);
};

async function outcomes({ before, run }: Operation, tokens: (store: Store) => Store = (store) => store) {
  const play = async (nth: number, fault: Fault) => {
    const here = world();
    await before(here.environment());
    const { store, writes } = faulty(tokens(here.store), nth, fault);
    const answer = await run(here.environment({ store })).catch((error: unknown) => error);
    return { here, answer, writes: writes(), contents: await contents(here) };
  };
  return { plain: await play(0, sentAgain(true)), play };
}

/** A store to which each write is one that was never seen. */
const withoutTokens = (store: Store): Store => ({
  ...store,
  pools: {
    ...store.pools,
    writeRegistry: (registry) => store.pools.writeRegistry(registry),
    createPool: (pool) => store.pools.createPool(pool),
    changePool: (pool) => store.pools.changePool(pool),
  },
});

/** Asked for again, more is opened again. */
const ONCE = 'opening more of it';

describe.each(Object.entries(operations))('%s', (name, operation) => {
  it.each([true, false])(
    'is answered as it was done where the SDK sends any of its writes again (carried out: %s)',
    async (carriedOut) => {
      const { plain, play } = await outcomes(operation);
      expect(plain.answer).not.toBeInstanceOf(Error);
      for (let nth = 1; nth <= plain.writes; nth += 1) {
        const repeated = await play(nth, sentAgain(carriedOut));
        expect(repeated.answer).toEqual(plain.answer);
        expect(repeated.contents).toEqual(plain.contents);
      }
    },
  );

  it.skipIf(name === ONCE).each([true, false])(
    'is completed by the same request where any of its writes is not answered at all (carried out: %s)',
    async (carriedOut) => {
      const { plain, play } = await outcomes(operation);
      for (let nth = 1; nth <= plain.writes; nth += 1) {
        const { here, answer } = await play(nth, unanswered(carriedOut));
        expect(answer).toMatchObject({ code: 'service.unavailable' });
        for (const repeat of [1, 2]) {
          const again = await operation.run(here.environment()).catch((error: unknown) => error);
          // What is deleted is not there any more.
          if (again instanceof Error) expect(again).toMatchObject({ code: 'pool.unknown' });
          if (repeat === 1) expect(await contents(here)).toEqual(plain.contents);
        }
      }
    },
  );
});

describe('a change for a version that is over', () => {
  it('has succeeded where it is there already, and is refused where it is not (RFC 9110, section 13.1.1)', async () => {
    const here = world();
    await create(here.environment());
    await change(here.environment(), { cooldownSeconds: 5 }, { ifMatch: 1 });
    const again = await change(here.environment(), { cooldownSeconds: 5 }, { ifMatch: 1 });
    expect([again.effects, again.pool.version]).toEqual([['nothing changes'], 2]);
    await expect(change(here.environment(), { cooldownSeconds: 6 }, { ifMatch: 1 })).rejects.toMatchObject({
      code: 'pool.changed',
    });
  });
});

describe('the answer', () => {
  it('is known although others wrote between a write and its copy', async () => {
    const here = world();
    await create(here.environment());
    const { store } = faulty(here.store, 1, async (proceed) => {
      await proceed();
      await change(here.environment(), { cooldownSeconds: 77 });
      return proceed();
    });
    const { effects, pool } = await change(here.environment({ store }), { cooldownSeconds: 5 }, { ifMatch: 1 });
    expect([effects, pool.version]).toEqual([['cooldownSeconds changes from 30 to 5'], 2]);
    expect((await here.store.pools.readPool(pool.id))?.definition.cooldownSeconds).toBe(77);
  });

  it('would be a wrong one from a store that does not know its own writes', async () => {
    for (const name of ['changing its policy', 'changing its selector']) {
      const { plain, play } = await outcomes(operations[name] as Operation, withoutTokens);
      const { answer } = await play(1, sentAgain(true));
      expect(answer).not.toEqual(plain.answer);
    }
  });
});
