/** What the service is still to be told, and what others do while a process looks. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OpenDatabase } from '../../../cni-shim/machine/database.ts';
import type { Journal } from '../../../cni-shim/node/journal.ts';
import { type JournalEntry, slotName } from '../../../cni-shim/node/journal-entry.ts';
import { openRecords } from '../../../cni-shim/node/node-records.ts';
import type { Outbox } from '../../../cni-shim/node/outbox.ts';
import type { SlotReference } from '../../../core/contract/ids.ts';
import { libsqlDatabase } from '../../support/libsql-database.ts';
import { machineUnderNode } from '../../support/machine-under-node.ts';
import { dyingDatabase, everyDeath, Killed } from '../dying-database.ts';
import { interleavedDatabase } from '../interleaved-database.ts';

let directory: string;
let journal: Journal;
let outbox: Outbox;
const open = (openDatabase: OpenDatabase = libsqlDatabase) =>
  openRecords({ ...machineUnderNode(), openDatabase }, directory);
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lessor-outbox-'));
  ({ journal, outbox } = open());
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const slot = (number: number): SlotReference => ({ pool: '0000000000000001', block: '0', slot: number });
const nonceOf = (containerId: string) => `nonce-of-${containerId}`;
const begin = (containerId: string, number: number, more: Partial<JournalEntry> = {}) =>
  journal.begin(
    {
      attachment: { network: 'net', containerId, ifname: 'eth0' },
      nonce: nonceOf(containerId),
      bootId: 'boot-1',
      netns: `/run/netns/${containerId}`,
      ...more,
    },
    () => [slot(number)],
  );
const local = (number: number) => ({ slot: slot(number), addresses: [], generation: 1 });
const liveWith = (entry: JournalEntry, number: number, wasAsked = true) =>
  outbox.liveWith(entry, () => local(number), wasAsked) !== undefined;
const answer = (number: number) => ({ slot: slot(number), addresses: [], incarnation: 1 });
const idsOf = (entries: readonly JournalEntry[]) => entries.map(({ attachment }) => attachment.containerId).sort();

describe('a container that lives with a slot of which the service was not told', () => {
  test('is to be reported until it was', () => {
    const entry = begin('c1', 1);
    expect(liveWith(entry, 1)).toBe(true);
    const [waiting] = outbox.toReport();
    expect(waiting).toMatchObject({ nonce: nonceOf('c1'), local: local(1) });
    expect(waiting && outbox.isReported(waiting)).toBe(false);
    if (waiting) outbox.reported(waiting);
    expect(outbox.toReport()).toEqual([]);
    expect(outbox.isReported(journal.find(entry.attachment) ?? entry)).toBe(true);
  });

  test('is to be reported in each boot anew: the block is the node’s at another generation', () => {
    const entry = begin('c1', 1);
    liveWith(entry, 1, false);
    outbox.reported(entry);
    const again = begin('c1', 1, { bootId: 'boot-2' });
    expect(again).toMatchObject({ nonce: nonceOf('c1'), proposal: slot(1) });
    expect(liveWith(again, 1, false)).toBe(true);
    expect(idsOf(outbox.toReport())).toEqual(['c1']);
  });

  test('may not be where a DEL removed its entry', () => {
    const entry = begin('c1', 1);
    journal.forget(entry);
    expect(liveWith(entry, 1)).toBe(false);
    expect(outbox.toReport()).toEqual([]);
  });

  test('may not be where another attachment has the slot’s name', () => {
    begin('c1', 1);
    const other = begin('c2', 2);
    expect(liveWith(other, 1)).toBe(false);
  });

  test('keeps its slot from whomever the service grants it, who gives it back', () => {
    const living = begin('c1', 1);
    liveWith(living, 1);
    const other = begin('c2', 2);
    expect(journal.acknowledge(other, answer(1))).toBe('taken');
    expect(journal.find(other.attachment)?.acknowledged).toBeUndefined();
    expect(journal.acknowledge(other, answer(2))).toBe('noted');
  });

  test('keeps it where another slot is granted late to the ADD before', () => {
    const before = begin('c1', 1);
    const again = begin('c1', 1);
    expect(liveWith(again, 1)).toBe(true);
    expect(journal.acknowledge(before, answer(2))).toBe('late');
    expect(journal.find(again.attachment)).toMatchObject({ local: local(1) });
    expect(begin('c2', 1).proposal).toBeUndefined();
    expect(journal.acknowledge(before, answer(1))).toBe('noted');
    expect(journal.slotNames()).toEqual([slotName(slot(1))]);
  });

  test('is no longer to be reported after its DEL', () => {
    const entry = begin('c1', 1);
    liveWith(entry, 1);
    journal.forget(entry);
    expect(outbox.toReport()).toEqual([]);
    expect(journal.slotNames()).toEqual([]);
  });

  test('is to be reported or does not live, whenever its ADD was killed', async () => {
    const deaths = await everyDeath(async (death) => {
      const entry = begin('c1', 1);
      const end = dying(death, (records) => records.outbox.liveWith(entry, () => local(1), true) !== undefined);
      const lives = journal.find(entry.attachment)?.local !== undefined;
      if (end === 'lived') expect(lives).toBe(true);
      expect(idsOf(outbox.toReport())).toEqual(lives ? ['c1'] : []);
      journal.forget(entry);
      expect(outbox.toReport()).toEqual([]);
      return end;
    });
    expect(deaths).toBeGreaterThan(3);
  });
});

describe('an entry whose container is gone', () => {
  test('is to be released, and its slot is nobody’s meanwhile', () => {
    const entry = begin('c1', 1);
    outbox.retire(entry);
    expect(journal.find(entry.attachment)).toBeUndefined();
    expect(idsOf(outbox.toRelease())).toEqual(['c1']);
    expect(begin('c2', 1).proposal).toBeUndefined();
    outbox.released(entry);
    expect(outbox.toRelease()).toEqual([]);
    expect(begin('c3', 1).proposal).toEqual(slot(1));
  });

  test('is left alone where the container was added again since it was judged', () => {
    const entry = begin('c1', 1);
    const again = begin('c1', 1, { netns: '/run/netns/another' });
    expect(outbox.retireUnlessAdded(entry)).toBe(false);
    expect(journal.find(entry.attachment)).toEqual(again);
    expect(outbox.toRelease()).toEqual([]);
  });

  test.each([0, 1, 2])(
    'is left alone where the container is added again at the very moment, %s looks later',
    (looks) => {
      const entry = begin('c1', 1);
      let again: JournalEntry | undefined;
      const racing = interleavedDatabase(libsqlDatabase, (done) => {
        if (done === looks) again ??= begin('c1', 1, { netns: '/run/netns/another' });
      });
      expect(open(racing).outbox.retireUnlessAdded(entry)).toBe(false);
      expect(again).toBeDefined();
      expect(journal.find(entry.attachment)).toEqual(again);
      expect(outbox.toRelease()).toEqual([]);
      expect(journal.slotNames()).toEqual([slotName(slot(1))]);
    },
  );

  test('takes nothing from the container that is added again after it was taken away, and lives offline', () => {
    liveWith(begin('c1', 1), 1);
    const dead = journal.find({ network: 'net', containerId: 'c1', ifname: 'eth0' });
    expect(dead && outbox.retireUnlessAdded(dead)).toBe(true);
    const again = begin('c1', 2, { nonce: 'another' });
    expect(liveWith(again, 2)).toBe(true);
    expect(dead && outbox.retireUnlessAdded(dead)).toBe(false);
    if (dead !== undefined) outbox.retire(dead);
    expect(outbox.toReport()).toMatchObject([{ nonce: 'another', local: local(2) }]);
    expect(outbox.toRelease()).toMatchObject([{ nonce: nonceOf('c1') }]);
    expect([...journal.slotNames()].sort()).toEqual([slotName(slot(1)), slotName(slot(2))]);
  });

  test('is put aside by an ADD after a DEL that did not end, and is to be released under its own nonce', () => {
    const entry = begin('c1', 1);
    outbox.end(entry);
    const again = begin('c1', 1, { nonce: 'another' });
    expect(again).toMatchObject({ nonce: 'another', attempts: 1 });
    expect(again.proposal).toBeUndefined();
    expect(outbox.toRelease()).toMatchObject([{ nonce: nonceOf('c1'), ended: true }]);
    expect(journal.acknowledge(entry, answer(1))).toBe('deleted');
  });

  test('is to be released or is in the journal, whenever the agent was killed', async () => {
    const deaths = await everyDeath(async (death) => await retiredOnce(death, libsqlDatabase));
    expect(deaths).toBeGreaterThan(4);
  });

  test('is released whole or not at all, whenever who released it was killed', async () => {
    const deaths = await everyDeath(async (death) => {
      const entry = begin('c1', 1);
      outbox.retire(entry);
      const end = dying(death, (records) => records.outbox.released(entry));
      expect(journal.slotNames()).toEqual(outbox.toRelease().map(() => slotName(slot(1))));
      if (end === 'lived') expect(outbox.toRelease()).toEqual([]);
      outbox.released(entry);
      return end;
    });
    expect(deaths).toBeGreaterThan(4);
  });
});

describe('a slot that was lived with, and of which the service never heard', () => {
  const livedWith = (containerId: string, number: number, wasAsked = false) => {
    const entry = begin(containerId, number);
    liveWith(entry, number, wasAsked);
    return journal.find(entry.attachment) ?? entry;
  };

  test('is free for the next one when its container is gone, as nothing is to be released', () => {
    outbox.retire(livedWith('c1', 1));
    expect(begin('c2', 1).proposal).toEqual(slot(1));
    expect(outbox.toRelease()).toEqual([]);
    expect(journal.slotNames()).toEqual([slotName(slot(1))]);
  });

  test('is not while its container lives', () => {
    livedWith('c1', 1);
    expect(begin('c2', 1).proposal).toBeUndefined();
  });

  test('comes after those that nobody ever had', () => {
    outbox.retire(livedWith('c1', 1));
    const attachment = { network: 'net', containerId: 'c2', ifname: 'eth0' };
    const entry = journal.begin({ attachment, nonce: 'another', bootId: 'boot-1' }, () => [slot(1), slot(2)]);
    expect(entry.proposal).toEqual(slot(2));
  });

  test.each([
    ['its ADD asked', (one: JournalEntry) => one, true],
    ['its report may be under way', (one: JournalEntry) => outbox.asking(one), false],
    ['an agent of an earlier release reported it', (one: JournalEntry) => outbox.reported(one), false],
    ['its DEL asked', (one: JournalEntry) => outbox.end(one), false],
    ['its ADD was repeated', () => begin('c1', 1), false],
  ])('is not where %s', (_, happens, wasAsked) => {
    const entry = livedWith('c1', 1, wasAsked);
    happens(entry);
    outbox.retire(entry);
    expect(begin('c2', 1).proposal).toBeUndefined();
  });

  test('is not where an ADD of the same attachment asks meanwhile', () => {
    const first = begin('c1', 1);
    begin('c1', 1);
    liveWith(first, 1, false);
    outbox.retire(first);
    expect(begin('c2', 1).proposal).toBeUndefined();
  });

  test('is told of by nobody once another one has it', () => {
    const entry = livedWith('c1', 1);
    outbox.retire(entry);
    begin('c2', 1);
    expect(outbox.asking(entry)).toBe(false);
  });

  test('is told of where it waits for its release, and then is nobody’s', () => {
    const entry = livedWith('c1', 1);
    outbox.retire(entry);
    expect(outbox.asking(entry)).toBe(true);
    expect(begin('c2', 1).proposal).toBeUndefined();
  });
});

/** What comes of `act` in a process that dies so. */
function dying(
  death: Parameters<typeof dyingDatabase>[1],
  act: (records: ReturnType<typeof open>) => unknown,
  openDatabase = libsqlDatabase,
): 'died' | 'lived' {
  const { openDatabase: dies, isDead } = dyingDatabase(openDatabase, death);
  try {
    act(open(dies));
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
  }
  return isDead() ? 'died' : 'lived';
}

async function retiredOnce(death: Parameters<typeof dyingDatabase>[1], openDatabase: OpenDatabase) {
  const entry = begin('c1', 1);
  const end = dying(death, (records) => records.outbox.retireUnlessAdded(entry), openDatabase);
  const waiting = outbox.toRelease();
  const found = journal.find(entry.attachment);
  expect([idsOf(waiting), found?.nonce]).toEqual(waiting.length > 0 ? [['c1'], undefined] : [[], nonceOf('c1')]);
  expect(journal.slotNames()).toEqual([slotName(slot(1))]);
  if (waiting[0]) outbox.released(waiting[0]);
  journal.forget(entry);
  expect(journal.slotNames()).toEqual([]);
  return end;
}

describe('this suite finds out', () => {
  test('a retirement that does not look at what it took away', () => {
    const entry = begin('c1', 1);
    const again = begin('c1', 1, { netns: '/run/netns/another' });
    outbox.retire(entry);
    expect(journal.find(entry.attachment)).not.toEqual(again);
    expect(idsOf(outbox.toRelease())).toEqual(['c1']);
  });

  test('one whose steps are each a transaction of their own', async () => {
    const apart: OpenDatabase = (path) => {
      const database = libsqlDatabase(path);
      const exec = (sql: string) => (/^(BEGIN|COMMIT|ROLLBACK)/.test(sql) ? undefined : database.exec(sql));
      return { ...database, exec };
    };
    await expect(everyDeath((death) => retiredOnce(death, apart))).rejects.toThrow('to deeply equal');
  });
});
