/** A process that is killed between any two of its file operations leaves nothing that the next ones do not heal. */
import { describe, expect, test } from 'vitest';
import { type Files, isDraft, nodeFiles } from '../../../cni-shim/machine/files.ts';
import type { FakeApi } from '../fake-api.ts';
import { withFreshNode } from '../fresh-node.ts';
import { configuration, dyingFiles, type Node } from '../in-process.ts';

const NETWORK = 'my-bridge-network';
/** As many addresses as fit all that a test adds: a slot that is lost would be missed. */
const small = configuration({ ranges: [[{ subnet: '10.9.0.0/24', rangeStart: '10.9.0.10', rangeEnd: '10.9.0.12' }]] });
/** Long after whatever happened before, what was done at the last such time included. */
let hours = 0;
const muchLater = () => {
  const ahead = ++hours * 3_600_000;
  return { now: () => Date.now() + ahead };
};
/** More than any ADD or DEL does. */
const MANY = 90;

let api: FakeApi;
let node: Node;
withFreshNode((fresh) => {
  ({ api, node } = fresh);
});

/** Runs `verb` with every number of file operations that a process can survive; the last one survives them all. */
async function everyKill(
  verb: 'ADD' | 'DEL',
  { prepare, heal, stdin = small }: { prepare?: () => unknown; heal: () => Promise<void>; stdin?: string },
): Promise<number> {
  for (let survived = 0; survived < MANY; survived++) {
    await prepare?.();
    const { files } = dyingFiles(nodeFiles, survived);
    const { exitCode } = await node.call(verb, 'victim', { stdin, surroundings: { files } });
    await heal();
    if (exitCode === 0) return survived;
  }
  throw new Error(`${verb} does more than ${MANY} file operations`);
}

/** Every address of the pool can be handed out, proposed by this node, and nothing else is left. */
async function expectHealed(files: Files = nodeFiles): Promise<void> {
  expect(node.attachments()).toEqual(['first@eth0']);
  const later = muchLater();
  for (const id of ['a', 'b']) {
    const added = await node.add(id, { stdin: small, surroundings: { ...later, files } });
    expect(added.exitCode).toBe(0);
    expect(api.allocations().at(-1)).toHaveProperty('proposal');
  }
  expect(node.slots().filter((name) => !isDraft(name))).toEqual([0, 1, 2].map((slot) => `0000000000000001.0.${slot}`));
  // With every slot in use here, an ADD finds nothing to propose and sweeps.
  expect((await node.add('c', { stdin: small, surroundings: { ...later, files } })).printed).toMatchObject({
    code: 101,
  });
  for (const id of ['a', 'b', 'c']) await node.del(id, { stdin: small, surroundings: { ...later, files } });
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
    expect(await everyKill('ADD', { heal })).toBeGreaterThan(15);
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
    expect(await everyKill('ADD', { stdin: paired, heal })).toBeGreaterThan(15);
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
  const healWith = (files: Files) => async () => {
    await node.del('victim', { stdin: small });
    await expectHealed(files);
  };

  test('finds out a journal that keeps the slots of dead processes', async () => {
    await node.add('first', { stdin: small });
    const isSlot = (path: string) => path.includes('/slots/') && !path.includes('draft');
    const hoarding: Files = { ...nodeFiles, remove: (path) => (isSlot(path) ? undefined : nodeFiles.remove(path)) };
    await expect(everyKill('ADD', { heal: healWith(hoarding) })).rejects.toThrow();
  });

  test('finds out a journal that keeps their drafts', async () => {
    await node.add('first', { stdin: small });
    const hoarding: Files = {
      ...nodeFiles,
      modifiedAt: (path) => (path.includes('draft') ? undefined : nodeFiles.modifiedAt(path)),
    };
    await expect(everyKill('ADD', { heal: healWith(hoarding) })).rejects.toThrow('draft');
  });
});
