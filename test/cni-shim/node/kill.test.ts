/** A process that is killed before or after any of its statements leaves nothing that the next ones do not heal. */
import { describe, expect, test } from 'vitest';
import type { OpenDatabase } from '../../../cni-shim/machine/database.ts';
import { libsqlDatabase } from '../../support/libsql-database.ts';
import { dyingDatabase, everyDeath } from '../dying-database.ts';
import type { FakeApi } from '../fake-api.ts';
import { withFreshNode } from '../fresh-node.ts';
import { configuration, type Node, PATIENT } from '../in-process.ts';

const NETWORK = 'my-bridge-network';
/** As many addresses as fit all that a test adds: a slot that is lost would be missed. */
const small = configuration({ ranges: [[{ subnet: '10.9.0.0/24', rangeStart: '10.9.0.10', rangeEnd: '10.9.0.12' }]] });
/** Long after whatever happened before, what was done at the last such time included. */
let hours = 0;
const muchLater = () => {
  const ahead = ++hours * 3_600_000;
  return { now: () => Date.now() + ahead };
};
let api: FakeApi;
let node: Node;
withFreshNode((fresh) => {
  ({ api, node } = fresh);
  node.limits = PATIENT;
});

interface Trial {
  readonly prepare?: () => unknown;
  readonly heal: () => Promise<void>;
  readonly stdin?: string;
  readonly openDatabase?: OpenDatabase;
}

/** Runs `verb` with every death that a process can die of its statements; the last one survives. */
async function everyKill(verb: 'ADD' | 'DEL', trial: Trial): Promise<number> {
  const { prepare, heal, stdin = small, openDatabase: open = libsqlDatabase } = trial;
  return await everyDeath(async (death) => {
    await prepare?.();
    const { openDatabase, isDead } = dyingDatabase(open, death);
    const sending: typeof fetch = (...request) => {
      if (isDead()) throw new Error('the dead send nothing');
      return fetch(...request);
    };
    const { exitCode } = await node.call(verb, 'victim', { stdin, surroundings: { openDatabase, fetch: sending } });
    expect([death, exitCode]).toEqual([death, isDead() ? 1 : 0]);
    await heal();
    return isDead() ? 'died' : 'lived';
  });
}

/** Every address of the pool can be handed out, proposed by this node, and nothing else is left. */
async function expectHealed(openDatabase = libsqlDatabase): Promise<void> {
  expect(node.attachments()).toEqual(['first@eth0']);
  const later = muchLater();
  for (const id of ['a', 'b']) {
    const added = await node.add(id, { stdin: small, surroundings: { ...later, openDatabase } });
    expect(added.exitCode).toBe(0);
    expect(api.allocations().at(-1)).toHaveProperty('proposal');
  }
  expect(node.slots()).toEqual([0, 1, 2].map((slot) => `0000000000000001.0.${slot}`));
  expect((await node.add('c', { stdin: small, surroundings: { ...later, openDatabase } })).printed).toMatchObject({
    code: 101,
  });
  for (const id of ['a', 'b', 'c']) await node.del(id, { stdin: small, surroundings: { ...later, openDatabase } });
  expect(node.slots()).toEqual(['0000000000000001.0.0']);
  expect(node.attachments()).toEqual(['first@eth0']);
}

const owners = () => [...api.leases(NETWORK).values()].map(({ owner }) => owner).sort();

describe('an ADD that is killed', () => {
  test('at any moment is healed by DEL', async () => {
    await node.add('first', { stdin: small });
    const heal = async () => {
      expect((await node.del('victim', { stdin: small })).exitCode).toBe(0);
      expect(owners()).toEqual(['first@eth0']);
      await expectHealed();
    };
    expect(await everyKill('ADD', { heal })).toBeGreaterThan(10);
  });

  test('at any moment is healed by an ADD that is repeated, and then by DEL', async () => {
    await node.add('first', { stdin: small });
    const heal = async () => {
      expect((await node.add('victim', { stdin: small })).exitCode).toBe(0);
      expect(owners()).toEqual(['first@eth0', 'victim@eth0']);
      expect((await node.del('victim', { stdin: small })).exitCode).toBe(0);
      expect(owners()).toEqual(['first@eth0']);
      await expectHealed();
    };
    await everyKill('ADD', { heal });
  });

  test('on a fresh node at any moment is healed by DEL', async () => {
    const heal = async () => {
      expect((await node.del('victim', { stdin: small })).exitCode).toBe(0);
      expect(owners()).toEqual([]);
      expect(node.attachments()).toEqual([]);
    };
    await everyKill('ADD', { prepare: () => node.loseJournal(), heal });
  });

  test('while it is given another slot than it proposed is healed by DEL', async () => {
    const stdin = configuration();
    await node.add('first', { stdin });
    const occupyTheNext = () => api.occupy(NETWORK, (node.poolCache?.cursor.slot ?? 0) + 1);
    const heal = async () => {
      expect((await node.del('victim', { stdin, surroundings: muchLater() })).exitCode).toBe(0);
      expect(owners().filter((owner) => owner.startsWith('victim'))).toEqual([]);
      expect(node.attachments()).toEqual(['first@eth0']);
    };
    await everyKill('ADD', { stdin, prepare: occupyTheNext, heal });
  });
});

/** Two addresses that are two slots: 1 in the first set, 2 in the second. */
const paired = configuration(
  {
    ranges: [
      [{ subnet: '10.9.0.0/24', rangeStart: '10.9.0.10', rangeEnd: '10.9.0.13' }],
      [{ subnet: '10.8.0.0/24', rangeStart: '10.8.0.10', rangeEnd: '10.8.0.13' }],
    ],
  },
  { args: { cni: { ips: ['10.9.0.11', '10.8.0.12'] } } },
);

describe('an ADD of requested addresses that is killed', () => {
  const gone = () => {
    expect(owners()).toEqual([]);
    expect(node.attachments()).toEqual([]);
  };

  test('at any moment is healed by DEL', async () => {
    const heal = async () => {
      expect((await node.del('victim', { stdin: paired, surroundings: muchLater() })).exitCode).toBe(0);
      gone();
    };
    expect(await everyKill('ADD', { stdin: paired, heal })).toBeGreaterThan(10);
  });

  test('at any moment is healed by an ADD that is repeated, and then by DEL, which leaves no slot behind', async () => {
    const heal = async () => {
      expect((await node.add('victim', { stdin: paired })).exitCode).toBe(0);
      expect(owners()).toEqual(['victim@eth0', 'victim@eth0']);
      expect((await node.del('victim', { stdin: paired, surroundings: muchLater() })).exitCode).toBe(0);
      gone();
      expect(node.slots()).toEqual([]);
    };
    await everyKill('ADD', { stdin: paired, heal });
  });
});

describe('a DEL that is killed', () => {
  test('of requested addresses at any moment is finished by the repeated one', async () => {
    const heal = async () => {
      expect((await node.del('victim', { stdin: paired, surroundings: muchLater() })).exitCode).toBe(0);
      expect(owners()).toEqual([]);
      expect([node.slots(), node.attachments()]).toEqual([[], []]);
    };
    await everyKill('DEL', { stdin: paired, prepare: () => node.add('victim', { stdin: paired }), heal });
  });

  test('at any moment is finished by the repeated one', async () => {
    await node.add('first', { stdin: small });
    const heal = async () => {
      expect((await node.del('victim', { stdin: small })).exitCode).toBe(0);
      expect(owners()).toEqual(['first@eth0']);
      await expectHealed();
    };
    const operations = await everyKill('DEL', { prepare: () => node.add('victim', { stdin: small }), heal });
    expect(operations).toBeGreaterThan(5);
  });
});

describe('this test', () => {
  const heal = (openDatabase: OpenDatabase) => async () => {
    await node.del('victim', { stdin: small, surroundings: { openDatabase } });
    expect(owners()).toEqual(['first@eth0']);
    await expectHealed(openDatabase);
  };
  /** As if some statements were not in the code. */
  const without =
    (isLeftOut: (sql: string) => boolean): OpenDatabase =>
    (path) => {
      const database = libsqlDatabase(path);
      const run: typeof database.run = (sql, ...values) => (isLeftOut(sql) ? 0 : database.run(sql, ...values));
      return { ...database, run };
    };

  test('finds out a journal that keeps the slots of dead processes', async () => {
    await node.add('first', { stdin: small });
    const hoarding = without((sql) => sql.startsWith('DELETE FROM slot'));
    await expect(everyKill('ADD', { heal: heal(hoarding) })).rejects.toThrow('0000000000000001.0');
  });

  test('finds out a journal in which nothing is before the service was asked', async () => {
    await node.add('first', { stdin: small });
    const late = without((sql) => /INTO (lease|slot) /.test(sql));
    await expect(everyKill('ADD', { openDatabase: late, heal: heal(libsqlDatabase) })).rejects.toThrow('victim');
  });
});
