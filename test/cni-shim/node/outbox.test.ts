/** What the service is still to be told: names that processes give and take while others look. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Files, nodeFiles } from '../../../cni-shim/machine/files.ts';
import { type Journal, openJournal } from '../../../cni-shim/node/journal.ts';
import { type JournalEntry, slotName } from '../../../cni-shim/node/journal-entry.ts';
import { type Outbox, openOutbox } from '../../../cni-shim/node/outbox.ts';
import type { SlotReference } from '../../../core/contract/ids.ts';
import { dyingFiles } from '../in-process.ts';

let directory: string;
let journal: Journal;
let outbox: Outbox;
const open = (files: Files) => {
  const opened = openJournal(files, directory, Date.now);
  return { journal: opened, outbox: openOutbox(files, directory, opened) };
};
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lessor-outbox-'));
  ({ journal, outbox } = open(nodeFiles));
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
const answer = (number: number) => ({ slot: slot(number), addresses: [], pool: { affinity: 'node' } as const });
const idsOf = (entries: readonly JournalEntry[]) => entries.map(({ attachment }) => attachment.containerId).sort();

describe('a container that lives with a slot of which the service was not told', () => {
  test('is to be reported until it was', () => {
    const entry = begin('c1', 1);
    expect(outbox.liveWith(entry, local(1))).toBe(true);
    const [waiting] = outbox.toReport();
    expect(waiting).toMatchObject({ nonce: nonceOf('c1'), local: local(1) });
    expect(waiting && outbox.isReported(waiting)).toBe(false);
    if (waiting) outbox.reported(waiting);
    expect(outbox.toReport()).toEqual([]);
    expect(outbox.isReported(journal.find(entry.attachment) ?? entry)).toBe(true);
  });

  test('may not be where a DEL removed its entry', () => {
    const entry = begin('c1', 1);
    journal.forget(entry.attachment, entry);
    expect(outbox.liveWith(entry, local(1))).toBe(false);
    expect(outbox.toReport()).toEqual([]);
  });

  test('may not be where another attachment has the slot’s name', () => {
    begin('c1', 1);
    const other = begin('c2', 2);
    expect(outbox.liveWith(other, local(1))).toBe(false);
  });

  test('keeps its slot from whomever the service grants it, who gives it back', () => {
    const living = begin('c1', 1);
    outbox.liveWith(living, local(1));
    const other = begin('c2', 2);
    expect(journal.acknowledge(other, answer(1))).toBe('taken');
    expect(journal.find(other.attachment)?.acknowledged).toBeUndefined();
    expect(journal.acknowledge(other, answer(2))).toBe('noted');
  });

  test('keeps it where another slot is granted late to the ADD before', () => {
    const before = begin('c1', 1);
    const again = begin('c1', 1);
    expect(outbox.liveWith(again, local(1))).toBe(true);
    expect(journal.acknowledge(before, answer(2))).toBe('taken');
    expect(journal.find(again.attachment)).toMatchObject({ local: local(1) });
    expect(begin('c2', 1).proposal).toBeUndefined();
    expect(journal.acknowledge(before, answer(1))).toBe('noted');
    expect(journal.slotNames()).toEqual([slotName(slot(1))]);
  });

  test('is no longer to be reported after its DEL', () => {
    const entry = begin('c1', 1);
    outbox.liveWith(entry, local(1));
    const found = journal.find(entry.attachment);
    journal.forget(entry.attachment, found);
    expect(nodeFiles.list(join(directory, 'reports'))).toEqual([]);
    expect(journal.slotNames()).toEqual([]);
  });

  test('is reported or is not, whenever its ADD was killed', () => {
    for (let survived = 0; ; survived++) {
      const entry = begin(`c${survived}`, survived);
      const { files } = dyingFiles(nodeFiles, survived);
      const finished = (() => {
        try {
          return open(files).outbox.liveWith(entry, local(survived));
        } catch {
          return false;
        }
      })();
      const lives = journal.find(entry.attachment)?.local !== undefined;
      expect(idsOf(outbox.toReport())).toEqual(lives ? [`c${survived}`] : []);
      journal.forget(entry.attachment, journal.find(entry.attachment));
      expect(outbox.toReport()).toEqual([]);
      expect(nodeFiles.list(join(directory, 'reports'))).toEqual([]);
      if (finished) break;
    }
  });
});

describe('an entry whose container is gone', () => {
  test('is to be released, and its slot is nobody’s meanwhile', () => {
    const entry = begin('c1', 1);
    outbox.retire(entry);
    expect(journal.find(entry.attachment)).toBeUndefined();
    expect(idsOf(outbox.toRelease())).toEqual(['c1']);
    expect(begin('c2', 1).proposal).toBeUndefined();
    outbox.released(entry, []);
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

  test('is left alone where the container is added again at the very moment', () => {
    const entry = begin('c1', 1);
    let again: JournalEntry | undefined;
    const racing: Files = {
      ...nodeFiles,
      move(from, to) {
        again ??= begin('c1', 1, { netns: '/run/netns/another' });
        return nodeFiles.move(from, to);
      },
    };
    expect(open(racing).outbox.retireUnlessAdded(entry)).toBe(false);
    expect(journal.find(entry.attachment)).toEqual(again);
    expect(outbox.toRelease()).toEqual([]);
  });

  test('takes nothing from the container that is added again while it is taken away, and lives offline', () => {
    outbox.liveWith(begin('c1', 1), local(1));
    const dead = journal.find({ network: 'net', containerId: 'c1', ifname: 'eth0' });
    let again: JournalEntry | undefined;
    const racing: Files = {
      ...nodeFiles,
      move(from, to) {
        const moved = nodeFiles.move(from, to);
        if (again === undefined) {
          again = begin('c1', 2, { nonce: 'another' });
          expect(outbox.liveWith(again, local(2))).toBe(true);
        }
        return moved;
      },
    };
    expect(dead && open(racing).outbox.retireUnlessAdded(dead)).toBe(true);
    expect(outbox.toReport()).toMatchObject([{ nonce: 'another', local: local(2) }]);
    expect(outbox.toRelease()).toMatchObject([{ nonce: nonceOf('c1') }]);
  });

  test('keeps its slot’s name while it is judged', () => {
    const entry = begin('c1', 1);
    begin('c1', 1, { netns: '/run/netns/another' });
    const anHourLater = () => Date.now() + 3_600_000;
    const racing: Files = {
      ...nodeFiles,
      move(from, to) {
        const moved = nodeFiles.move(from, to);
        openJournal(nodeFiles, directory, anHourLater).sweep();
        return moved;
      },
    };
    open(racing).outbox.retireUnlessAdded(entry);
    expect(journal.find(entry.attachment)?.netns).toBe('/run/netns/another');
    expect(journal.slotNames()).toEqual([slotName(slot(1))]);
  });

  test('is to be released or is in the journal, whenever the agent was killed', () => {
    for (let survived = 0; ; survived++) {
      const entry = begin('c1', 1);
      const { files } = dyingFiles(nodeFiles, survived);
      const finished = (() => {
        try {
          return open(files).outbox.retireUnlessAdded(entry);
        } catch {
          return false;
        }
      })();
      const waiting = outbox.toRelease();
      const found = journal.find(entry.attachment);
      expect([idsOf(waiting), found?.nonce]).toEqual(waiting.length > 0 ? [['c1'], undefined] : [[], nonceOf('c1')]);
      expect(journal.slotNames()).toEqual([slotName(slot(1))]);
      if (waiting[0]) outbox.released(waiting[0], []);
      journal.forget(entry.attachment, found);
      expect(journal.slotNames()).toEqual([]);
      if (finished) break;
    }
  });
});

test('this suite finds out a retirement that does not look at what it took away', () => {
  const entry = begin('c1', 1);
  const again = begin('c1', 1, { netns: '/run/netns/another' });
  outbox.retire(entry);
  expect(journal.find(entry.attachment)).not.toEqual(again);
  expect(idsOf(outbox.toRelease())).toEqual(['c1']);
});
