import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nodeFiles } from '../../../cni-shim/machine/files.ts';
import { type Journal, openJournal } from '../../../cni-shim/node/journal.ts';
import { attachmentName, slotName } from '../../../cni-shim/node/journal-entry.ts';
import type { SlotReference } from '../../../core/contract/ids.ts';

let directory: string;
let journal: Journal;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lessor-journal-'));
  journal = openJournal(nodeFiles, directory, Date.now);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const pool = { affinity: 'shared' } as const;
const slot = (number: number): SlotReference => ({ pool: '0000000000000001', block: '0', slot: number });
const beginning = (containerId: string, nonce = `nonce of ${containerId}`) => ({
  attachment: { network: 'net', containerId, ifname: 'eth0' },
  nonce,
  bootId: 'boot',
});
const three = () => [slot(0), slot(1), slot(2)];

describe('a file that cannot be read or written', () => {
  test('is named where a directory stands in its place', () => {
    expect(() => nodeFiles.read(directory)).toThrow(expect.objectContaining({ code: 'EISDIR', path: directory }));
  });

  test('is named in the error, though only its descriptor was written to', () => {
    const device = openSync('/dev/full', 'w');
    try {
      expect(() => nodeFiles.write(device, 'x')).toThrow(expect.objectContaining({ path: '/dev/full' }));
    } finally {
      closeSync(device);
    }
  });
});

describe('the journal', () => {
  test('gives each container another slot, in the order of the candidates', () => {
    const taken = ['a', 'b', 'c', 'd'].map((id) => journal.begin(beginning(id), three).proposal?.slot);
    expect(taken).toEqual([0, 1, 2, undefined]);
  });

  test('gives a slot to one only, also where it seemed free to both', () => {
    const blind = openJournal({ ...nodeFiles, list: () => [] }, directory, Date.now);
    const taken = ['a', 'b', 'c'].map((id) => blind.begin(beginning(id), three).proposal?.slot);
    expect(taken).toEqual([0, 1, 2]);
  });

  test('lets the loser of a race for one container take the nonce and slot of the winner', () => {
    const path = join(directory, 'attachments', 'a@eth0');
    let raced = false;
    const racing = openJournal(
      {
        ...nodeFiles,
        link(from, to) {
          if (to === path && !raced) {
            raced = true;
            journal.begin(beginning('a', 'the winner'), three);
          }
          return nodeFiles.link(from, to);
        },
      },
      directory,
      Date.now,
    );
    expect(racing.begin(beginning('a', 'the loser'), three)).toMatchObject({
      nonce: 'the winner',
      attempts: 2,
      proposal: slot(1),
    });
    expect(nodeFiles.list(join(directory, 'slots'))).toEqual([slotName(slot(1))]);
  });

  test('does not forget the slot that somebody else has by now', () => {
    const entry = journal.begin(beginning('a'), three);
    rmSync(join(directory, 'slots', slotName(slot(0))));
    journal.begin(beginning('b'), three);
    journal.forget(entry.attachment, entry);
    expect(nodeFiles.list(join(directory, 'slots'))).toEqual([slotName(slot(0))]);
    expect(journal.find(beginning('b').attachment)?.proposal).toEqual(slot(0));
  });

  test('makes an entry uncertain again while another answer is waited for', () => {
    const entry = journal.begin(beginning('a'), three);
    journal.acknowledge(entry, { slot: slot(2), addresses: [], pool });
    const again = journal.begin(beginning('a', 'not used'), three);
    expect(again).toMatchObject({ nonce: 'nonce of a', attempts: 2, proposal: slot(2) });
    expect(journal.find(entry.attachment)).not.toHaveProperty('acknowledged');
  });

  test('keeps every slot of an answer from being proposed, until it is forgotten', () => {
    const { proposal: _, ...asked } = journal.begin(beginning('a'), () => []);
    journal.acknowledge({ ...asked, addresses: ['x', 'y'] }, { slot: slot(0), more: [slot(2)], addresses: [], pool });
    expect(journal.begin(beginning('b'), three).proposal).toEqual(slot(1));
    const again = journal.begin(beginning('a'), three);
    expect(again).toMatchObject({ proposal: slot(0), more: [slot(2)], addresses: ['x', 'y'] });
    journal.acknowledge(again, { slot: slot(0), more: [slot(2)], addresses: [], pool });
    const found = journal.find(asked.attachment);
    expect(found?.more).toEqual([slot(2)]);
    journal.forget(asked.attachment, found);
    expect(nodeFiles.list(join(directory, 'slots'))).toEqual([slotName(slot(1))]);
  });

  test('keeps entries of container ids of any length that CNI allows', () => {
    for (const containerId of ['c'.repeat(255), 'd'.repeat(251), `${'c'.repeat(254)}d`]) {
      const entry = journal.begin(beginning(containerId), () => []);
      expect(journal.find(entry.attachment)?.nonce).toBe(entry.nonce);
    }
  });

  test('is for its user only', () => {
    journal.begin(beginning('a'), three);
    for (const name of ['attachments', 'slots']) expect(statSync(join(directory, name)).mode & 0o777).toBe(0o700);
    expect(statSync(join(directory, 'attachments', 'a@eth0')).mode & 0o777).toBe(0o600);
  });
});

describe("an attachment's name", () => {
  const containerId = fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/);
  const ifname = fc.stringMatching(/^[^/:\s]{1,15}$/).filter((name) => name !== '.' && name !== '..');
  const attachment = fc.record({ network: fc.constant('net'), containerId, ifname });

  test('is never that of another attachment, and stays below its directory', () => {
    fc.assert(
      fc.property(attachment, attachment, (a, b) => {
        const [first, second] = [attachmentName(a), attachmentName(b)];
        expect(first === second).toBe(a.containerId === b.containerId && a.ifname === b.ifname);
        for (const part of first.split('/')) {
          expect(part).toMatch(/^[^.]/);
          expect(part.length).toBeLessThanOrEqual(255);
        }
      }),
    );
  });
});

test('a file that lies there and is not of the journal keeps nobody from working', () => {
  journal.begin(beginning('c1'), three);
  writeFileSync(join(directory, 'attachments', 'notes'), 'of an editor');
  expect(journal.entries().map(({ attachment }) => attachment.containerId)).toEqual(['c1']);
});
