/**
 * The compiled plugin, killed at random moments of ADD and DEL against the whole of the service. LESSOR_SEED repeats a run's
 * decisions, not the kernel's. In `npm run test:long` it is killed 300 times.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Operator, operatorClient } from '../../local/demo/operator.ts';
import { type LocalStack, startStack } from '../../local/stack/stack.ts';
import { inLong } from '../support/long.ts';
import { heldTwice, leaseHistory, type SlotChange } from './lease-history.ts';
import { type Configuration, LoneNode } from './lone-node.ts';
import { Tenants } from './tenants.ts';

const KILLS = inLong(300, 100);
const SEED = Number(process.env.LESSOR_SEED ?? Date.now() % 1_000_000);
/** Runtimes at work at the same time. */
const WORKERS = 4;
/** Containers that one of them keeps. */
const KEPT = 5;

/** mulberry32: 0 or more, less than 1. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

interface Container {
  readonly id: string;
  readonly node: LoneNode;
  readonly configuration: Configuration;
}

const network = (name: string): Configuration => ({
  cniVersion: '1.0.0',
  name,
  type: 'lessor',
  ipam: { type: 'lessor', pool: name },
});

describe('a plugin that is killed', () => {
  let stack: LocalStack;
  let operator: Operator;
  let nodes: LoneNode[];
  const shared = network('storm-shared');
  const owned = network('storm-owned');

  beforeAll(async () => {
    stack = await startStack();
    operator = operatorClient(stack.endpoint, stack.region, stack.operator);
    const ranges = (net: string) => [[{ subnet: `10.${net}.0.0/24` }], [{ subnet: `fd00:${net}::/120` }]];
    const policy = { cooldownSeconds: 0, blockSize: 64 };
    await operator.ask('createPool', {
      body: { ...policy, name: shared.name, affinity: 'shared', ranges: ranges('71') },
    });
    await operator.ask('createPool', { body: { ...policy, name: owned.name, affinity: 'node', ranges: ranges('72') } });
    nodes = [];
    for (const identity of stack.nodes) nodes.push(await LoneNode.start(stack, identity));
  });
  afterAll(async () => {
    for (const node of nodes) node.remove();
    await stack.stop();
  });

  /** By container. */
  const heldAddresses = async () => {
    const held = new Map<string, readonly string[]>();
    for (const { name } of [shared, owned]) {
      const { leases, nextCursor } = await operator.ask('listLeases', { path: { pool: name } });
      expect(nextCursor).toBeUndefined();
      for (const { state, attachment, addresses } of leases) {
        if (state !== 'held') continue;
        expect(held.get(attachment.containerId), `another lease of ${attachment.containerId}`).toBeUndefined();
        held.set(attachment.containerId, addresses);
      }
    }
    return held;
  };

  it(`at ${KILLS} moments of ADD and DEL lets no address be held twice, and after DEL and reconcile none is lost (seed ${SEED})`, async () => {
    const random = randomFrom(SEED);
    const chosen = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
    const tenants = new Tenants();
    const known: Container[] = [];
    const kills = { ADD: 0, DEL: 0 };
    /** Milliseconds that a call of this kind takes here, as the last ones did. */
    const usual = { ADD: 300, DEL: 300 };

    let later = 0;

    /** @param delay after which it is killed; undefined: it may end. True where it did what was asked. */
    const call = async (
      verb: 'ADD' | 'DEL',
      { id, node, configuration }: Container,
      delay?: number,
    ): Promise<boolean> => {
      if (verb === 'DEL') tenants.movesOut(id);
      const running = node.call(verb, id, configuration);
      let killed = false;
      const kill = () => {
        killed = running.kill();
      };
      const killer = delay === undefined ? undefined : setTimeout(kill, delay);
      const answer = await running.ended;
      clearTimeout(killer);
      if (killed && !answer.ok && answer.output === undefined) {
        kills[verb] += 1;
        return false;
      }
      // The service granted a slot whose name a process took that was killed just now: nobody may have it before that is certain.
      if (verb === 'ADD' && /is kept for another container/.test(JSON.stringify(answer.output))) {
        later += 1;
        return false;
      }
      if (!answer.ok) throw new Error(`${verb} of ${id} failed: ${JSON.stringify(answer.output)}`);
      usual[verb] += (answer.ms - usual[verb]) / 8;
      if (verb === 'ADD') {
        tenants.movedIn(
          id,
          (answer.output as { ips: { address: string }[] }).ips.map(({ address }) => address),
        );
      }
      return true;
    };
    const soon = (verb: 'ADD' | 'DEL') => random() * usual[verb] * 1.1;
    const fresh = (): Container => {
      const container = { id: `c${known.length}`, node: chosen(nodes), configuration: chosen([shared, owned]) };
      known.push(container);
      return container;
    };

    for (let warm = 0; warm < 2 * WORKERS; warm++) {
      const container = fresh();
      await call('ADD', container);
      await call('DEL', container);
    }
    const work = async () => {
      const living: Container[] = [];
      while (kills.ADD + kills.DEL < KILLS) {
        if (living.length < KEPT && random() < 0.5) {
          const container = fresh();
          if (await call('ADD', container, soon('ADD'))) living.push(container);
          else if (random() < 0.4) {
            // As Podman does it, for the same container.
            if (await call('ADD', container)) living.push(container);
          } else if (random() < 0.5) await call('DEL', container);
        } else {
          const [container] = living.splice(Math.floor(random() * living.length), 1);
          if (container === undefined) continue;
          if (!(await call('DEL', container, soon('DEL'))) && random() < 0.5) await call('DEL', container);
        }
      }
      // Nearly every call is killed, so it may be that nobody lives by now.
      for (let attempts = 0; living.length === 0 && attempts < KEPT; attempts++) {
        const container = fresh();
        if (await call('ADD', container)) living.push(container);
      }
    };
    await Promise.all(Array.from({ length: WORKERS }, work));

    const living = known.filter(({ id }) => tenants.all.has(id));
    expect(living).not.toEqual([]);
    expect(later).toBeLessThan(KILLS / 4);
    for (const container of known) if (!living.includes(container)) await call('DEL', container);
    const held = await heldAddresses();
    const lost = [...held.keys()].filter((id) => !tenants.all.has(id));
    let released = 0;
    for (const node of nodes) {
      expect((await node.flush()).failures).toEqual([]);
      released += (await node.reconcile()).released.length;
    }
    const history = await leaseHistory(stack);
    const had = new Set(history.flatMap(({ after }) => (after === undefined ? [] : [after.containerId])));
    const touched = known.filter(({ id }) => had.has(id)).length;
    process.stderr.write(
      `${kills.ADD} ADDs and ${kills.DEL} DELs were killed (seed ${SEED}); ${touched} of ${known.length} containers had a lease; ` +
        `${lost.length} leases were left behind by DEL, ${released} released by reconcile; ${later} ADDs were told to try again\n`,
    );
    expect(await heldAddresses()).toEqual(new Map(tenants.all));
    expect(heldTwice(history)).toEqual([]);
    expect(tenants.conflicts).toEqual([]);

    for (const container of living) await call('DEL', container);
    expect(await heldAddresses()).toEqual(new Map());
    expect(nodes.flatMap((node) => node.entries())).toEqual([]);
  }, 600_000);

  it('would be found out by its history, and by its containers', () => {
    const [one, other] = ['one', 'other'].map((containerId) => ({ containerId, node: 'n', nonce: containerId }));
    const change = (before: typeof one, after: typeof one): SlotChange => ({ slot: 'p', before, after });
    expect(
      heldTwice([change(undefined, one), change(one, one), change(one, undefined), change(undefined, other)]),
    ).toEqual([]);
    expect(heldTwice([change(undefined, one), change(one, other)])).toEqual(['p was taken from one by other']);

    const tenants = new Tenants();
    for (const container of ['one', 'other']) {
      tenants.movedIn(container, ['10.0.0.1/24']);
      tenants.movesOut(container);
    }
    expect(tenants.conflicts).toEqual([]);
    for (const container of ['one', 'other']) tenants.movedIn(container, ['10.0.0.1/24']);
    expect(tenants.conflicts).toEqual(['10.0.0.1/24 was given to other while one lived with it']);
  });
});
