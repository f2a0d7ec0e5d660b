/** A lease is held where its container lives with it: in another slot, and in some of its slots only, it is not. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Calls } from '../../../cni-shim/api/client.ts';
import { type NodeRecords, openRecords } from '../../../cni-shim/node/node-records.ts';
import { reconcile } from '../../../cni-shim/sync/reconcile.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import { machineUnderNode } from '../../support/machine-under-node.ts';

const attachment = { network: 'net', containerId: 'c1', ifname: 'eth0' };
const slotOf = (slot: number) => ({ pool: '0000000000000001', block: '0', slot });
const addressOf = (address: string) => ({ address, prefixLength: 24, gateway: undefined });

let directory: string;
let records: NodeRecords;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lessor-slots-'));
  records = openRecords(machineUnderNode(), directory);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** The container lives with `slots`; of its nonce the table has `inTable`. Which slots are asserted, and which are released. */
async function reconciled(
  slots: readonly number[],
  inTable: readonly number[],
  left: readonly number[] = [],
  taken?: number,
) {
  const { bootId } = records;
  const [first = 0, ...further] = slots;
  const entry = records.journal.begin({ attachment, nonce: 'n1', bootId }, () => [slotOf(first)]);
  const addresses = slots.map((slot) => addressOf(`10.0.0.${slot}`)) as never;
  const more = [...further, ...left].map(slotOf);
  records.journal.acknowledge(entry, {
    ...{ slot: slotOf(first), addresses, incarnation: 1 },
    ...(more.length === 0 ? {} : { more }),
  });
  const leases = inTable.map((slot) => ({
    ...{ slot: slotOf(slot), attachment, nonce: 'n1', incarnation: 1 },
    heldAt: '2026-01-01T00:00:00.000Z',
  }));
  const [asserted, released]: [number[], number[]] = [[], []];
  const api = {
    ownLeases: async () => ({ incarnation: 1, boot: bootId, firstOfBoot: 1, leases }),
    report: async ({ slot }: { slot: { slot: number } }) => {
      if (slot.slot === taken) throw new LessorError('lease.lost', 'another one has it', { remedy: '' });
      asserted.push(slot.slot);
      return { incarnation: 1 };
    },
    release: async ({ slot }: { slot: { slot: number } }) => {
      released.push(slot.slot);
      return { released: [] };
    },
  } as unknown as Calls;
  await reconcile({ api, bootId, candidates: [records] });
  return { asserted, released };
}

test('what is held in another slot only is asserted in its own, and the other one is released', async () => {
  expect(await reconciled([1], [2])).toEqual({ asserted: [1], released: [2] });
});

test('a slot that a repeated request left over stands for no other one, and is not asserted itself', async () => {
  expect(await reconciled([1], [2], [2])).toEqual({ asserted: [1], released: [] });
});

test.each([
  [[1], [1, 2]],
  [[2], [1, 2]],
  [[], [1, 2]],
])('of a container with two slots the table has %j: %j are asserted', async (inTable, asserted) => {
  expect(await reconciled([1, 2], inTable)).toEqual({ asserted, released: [] });
});

test('what is held where its container lives is not asserted', async () => {
  expect(await reconciled([1, 2], [2, 1])).toEqual({ asserted: [], released: [] });
});

test('a container of which another one has a slot is lost, though its other slot is held again', async () => {
  expect(await reconciled([1, 2], [], [], 2)).toEqual({ asserted: [1], released: [] });
  expect(records.journal.find(attachment)).toMatchObject({ lost: true });
});
