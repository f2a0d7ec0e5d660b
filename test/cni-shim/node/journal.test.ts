import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Journal } from '../../../cni-shim/node/journal.ts';
import { slotName } from '../../../cni-shim/node/journal-entry.ts';
import { openRecords } from '../../../cni-shim/node/node-records.ts';
import type { SlotReference } from '../../../core/contract/ids.ts';
import { machineUnderNode } from '../../support/machine-under-node.ts';

let directory: string;
let journal: Journal;
const open = () => openRecords(machineUnderNode(), directory);
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lessor-journal-'));
  ({ journal } = open());
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const slot = (number: number): SlotReference => ({ pool: '0000000000000001', block: '0', slot: number });
const beginning = (containerId: string, nonce = `nonce of ${containerId}`) => ({
  attachment: { network: 'net', containerId, ifname: 'eth0' },
  nonce,
  bootId: 'boot',
});
const three = () => [slot(0), slot(1), slot(2)];

describe('the journal', () => {
  test('gives each container another slot, in the order of the candidates', () => {
    const taken = ['a', 'b', 'c', 'd'].map((id) => journal.begin(beginning(id), three).proposal?.slot);
    expect(taken).toEqual([0, 1, 2, undefined]);
  });

  test('gives a slot to one only, also where another process looks at the same candidates', () => {
    const other = open().journal;
    const taken = [journal, other, journal].map(
      (one, index) => one.begin(beginning(`c${index}`), three).proposal?.slot,
    );
    expect(taken).toEqual([0, 1, 2]);
  });

  test('lets whoever comes second for one container take the nonce and slot of the first', () => {
    const first = journal.begin(beginning('a', 'the first'), three);
    expect(open().journal.begin(beginning('a', 'the second'), three)).toMatchObject({
      nonce: 'the first',
      attempts: 2,
      proposal: first.proposal,
    });
    expect(journal.slotNames()).toEqual([slotName(slot(0))]);
  });

  test('does not forget the slot that somebody else has by now', () => {
    const entry = journal.begin(beginning('a'), three);
    // The service's word counts: it granted b what a only proposed.
    const other = journal.begin(beginning('b'), three);
    journal.acknowledge(other, { slot: slot(0), addresses: [], incarnation: 1 });
    journal.forget(entry);
    expect(journal.slotNames()).toEqual([slotName(slot(0))]);
    expect(journal.find(beginning('b').attachment)?.acknowledged?.slot).toEqual(slot(0));
  });

  test('makes an entry uncertain again while another answer is waited for', () => {
    const entry = journal.begin(beginning('a'), three);
    journal.acknowledge(entry, { slot: slot(2), addresses: [], incarnation: 1 });
    const again = journal.begin(beginning('a', 'not used'), three);
    expect(again).toMatchObject({ nonce: 'nonce of a', attempts: 2, proposal: slot(2) });
    expect(journal.find(entry.attachment)).not.toHaveProperty('acknowledged');
  });

  test('keeps every slot of an answer from being proposed, until it is forgotten', () => {
    const { proposal: _, ...asked } = journal.begin(beginning('a'), () => []);
    journal.acknowledge(
      { ...asked, addresses: ['x', 'y'] },
      { slot: slot(0), more: [slot(2)], addresses: [], incarnation: 1 },
    );
    expect(journal.begin(beginning('b'), three).proposal).toEqual(slot(1));
    const again = journal.begin(beginning('a'), three);
    expect(again).toMatchObject({ proposal: slot(0), more: [slot(2)], addresses: ['x', 'y'] });
    journal.acknowledge(again, { slot: slot(0), more: [slot(2)], addresses: [], incarnation: 1 });
    const found = journal.find(asked.attachment);
    expect(found?.more).toEqual([slot(2)]);
    if (found !== undefined) journal.forget(found);
    expect(journal.slotNames()).toEqual([slotName(slot(1))]);
  });

  test('keeps entries of container ids of any length that CNI allows', () => {
    for (const containerId of ['c'.repeat(255), 'd'.repeat(251), `${'c'.repeat(254)}d`]) {
      const entry = journal.begin(beginning(containerId), () => []);
      expect(journal.find(entry.attachment)?.nonce).toBe(entry.nonce);
    }
  });

  test('is for its user only, with all that SQLite has beside it', () => {
    journal.begin(beginning('a'), three);
    const { path } = open();
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    for (const file of [path, `${path}-wal`, `${path}-shm`])
      expect([file, statSync(file).mode & 0o777]).toEqual([file, 0o600]);
  });

  test('is not kept from working by a file that lies beside it', () => {
    journal.begin(beginning('c1'), three);
    writeFileSync(join(dirname(open().path), 'notes'), 'of an editor');
    expect(
      open()
        .journal.entries()
        .map(({ attachment }) => attachment.containerId),
    ).toEqual(['c1']);
  });
});

describe("an attachment's entry", () => {
  const attachment = fc.record({
    network: fc.constantFrom('net', 'net2'),
    containerId: fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/),
    ifname: fc.stringMatching(/^[^/:\s]{1,15}$/).filter((name) => name !== '.' && name !== '..'),
  });

  test('is never that of another attachment', () => {
    fc.assert(
      fc.property(attachment, attachment, (a, b) => {
        const first = journal.begin({ attachment: a, nonce: 'of a', bootId: 'boot' }, () => []);
        const isSame = JSON.stringify(a) === JSON.stringify(b);
        expect(journal.find(b)?.nonce).toBe(isSame ? 'of a' : undefined);
        journal.forget(first);
        expect(journal.find(a)).toBeUndefined();
      }),
    );
  });
});
