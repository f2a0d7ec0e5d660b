/** A lease that was lost, and is held again: its slot is the container's own again on this node. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type NodeRecords, openRecords } from '../../../cni-shim/node/node-records.ts';
import type { SlotReference } from '../../../core/contract/ids.ts';
import { libsqlDatabase } from '../../support/libsql-database.ts';
import { machineUnderNode } from '../../support/machine-under-node.ts';

let directory: string;
let records: NodeRecords;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lessor-held-again-'));
  records = openRecords({ ...machineUnderNode(), openDatabase: libsqlDatabase }, directory);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const slot = (number: number): SlotReference => ({ pool: '0000000000000001', block: '0', slot: number });
const begin = (containerId: string, ...slots: number[]) =>
  records.journal.begin(
    { attachment: { network: 'net', containerId, ifname: 'eth0' }, nonce: `of-${containerId}`, bootId: 'boot-1' },
    () => slots.map(slot),
  );
const answer = (number: number) => ({ slot: slot(number), addresses: [], incarnation: 1 });

/** Its node was given up, and the service granted the slot to another container here, which is gone by now. */
function lostToAnother(): void {
  const { journal } = records;
  journal.acknowledge(begin('lost', 1), answer(1));
  const meanwhile = begin('meanwhile', 2);
  expect(journal.acknowledge(meanwhile, answer(1))).toBe('noted');
  journal.forget(meanwhile);
}

test('no other container proposes it, though one was given it meanwhile', () => {
  const { journal } = records;
  lostToAnother();
  const entry = journal.find({ network: 'net', containerId: 'lost', ifname: 'eth0' });
  expect(entry && journal.heldAgain(entry, 2)).toBe(true);
  expect(begin('next', 1, 3).proposal).toEqual(slot(3));
});

test('nor before it is held again: its container lives with it', () => {
  lostToAnother();
  expect(begin('next', 1, 3).proposal).toEqual(slot(3));
});

test('its block is not given back while its container lives', () => {
  lostToAnother();
  const { pool, block } = slot(1);
  expect(records.returnedBlocks.giveBack(pool, { block, generation: 1 })).toBe(false);
  const entry = records.journal.find({ network: 'net', containerId: 'lost', ifname: 'eth0' });
  if (entry !== undefined) records.journal.forget(entry);
  expect(records.returnedBlocks.giveBack(pool, { block, generation: 1 })).toBe(true);
});
