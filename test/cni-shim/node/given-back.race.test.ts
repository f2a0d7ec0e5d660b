/**
 * A container that comes to live offline in a block, beside a DEL that gives the block back: each runs whole between any two
 * transactions of the other. Never both may happen (I3).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { OpenDatabase } from '../../../cni-shim/machine/database.ts';
import { openNodeDatabase } from '../../../cni-shim/node/node-database.ts';
import { type NodeRecords, openRecords } from '../../../cni-shim/node/node-records.ts';
import { ownLease } from '../../../cni-shim/node/offline-lease.ts';
import { afterAnswer } from '../../../cni-shim/node/pool-cache.ts';
import type { AllocateResult } from '../../../core/contract/lease.ts';
import { defaultPolicy } from '../../../core/contract/pool.ts';
import { resolvePoolShape } from '../../../core/pools/pool-shape.ts';
import { libsqlDatabase } from '../../support/libsql-database.ts';
import { machineUnderNode } from '../../support/machine-under-node.ts';
import { interleavedDatabase } from '../interleaved-database.ts';

const POOL = 'a'.repeat(16);
const shape = resolvePoolShape({
  ranges: [[{ subnet: '10.1.0.0/24' }]],
  blockSize: 64,
  gateway: 'pool',
  affinity: 'node',
  exclude: [],
});
if (!shape.ok) throw new Error(shape.problem);
const { ranges } = shape.value;
const claim = { block: '1', generation: 1 };
const slot = (number: number) => ({ pool: POOL, block: claim.block, slot: number });
const answer: AllocateResult = {
  slot: slot(0),
  addresses: [],
  incarnation: 1,
  blocks: [claim],
  pool: {
    ...defaultPolicy,
    id: POOL,
    vrf: 'default',
    name: 'green',
    affinity: 'node',
    ranges,
    blockSize: 64,
    gateway: 'pool',
    createdAt: '2026-01-01T00:00:00Z',
  },
};

/** A process of the node, over a database; true if it did what the other one must not do as well. */
type Party = (node: Node, openDatabase?: OpenDatabase) => boolean;

interface Node {
  readonly directory: string;
  open(openDatabase?: OpenDatabase): NodeRecords;
}

const surroundings = (openDatabase: OpenDatabase = libsqlDatabase) => ({
  ...machineUnderNode(),
  bootId: () => 'boot-1',
  openDatabase,
});

const begin = (records: NodeRecords) => {
  const attachment = { network: 'net', containerId: 'c1', ifname: 'eth0' };
  return records.journal.begin({ attachment, nonce: 'n', bootId: 'boot-1' }, () => [slot(5)]);
};

const living: Party = ({ open }, openDatabase) => {
  const records = open(openDatabase);
  const entry = begin(records);
  return records.outbox.liveWith(entry, () => ownLease(records, entry), true) !== undefined;
};

/** It looks whether the block is the node's, and then has the slot and lives with it. */
const lookingFirst: Party = ({ open }, openDatabase) => {
  const records = open(openDatabase);
  const isOwn = records.cacheOf(POOL)?.blocks.length === 1;
  const entry = begin(records);
  const lease = { slot: slot(5), generation: claim.generation, addresses: [] };
  return records.outbox.liveWith(entry, () => (isOwn ? lease : undefined), true) !== undefined;
};

const givingBack: Party = ({ open }, openDatabase) => open(openDatabase).returnedBlocks.giveBack(POOL, claim);

/** It looks for used slots, and then notes that the block is given back. */
const lookingForSlotsFirst: Party = ({ open }, openDatabase) => {
  const records = open(openDatabase);
  if (records.journal.slotNames().length > 0) return false;
  const { block, generation } = claim;
  openNodeDatabase(surroundings(openDatabase), records.path).transaction(({ run }) =>
    run('INSERT INTO returned_block VALUES (?, ?, ?, ?, 0)', 'boot-1', POOL, block, generation),
  );
  return true;
};

/** Who did it, of two of which one runs whole before the other's transaction number `at`; undefined where there is none. */
function inTurn(outer: Party, inner: Party, at: number): readonly [boolean, boolean] | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'lessor-race-'));
  const node: Node = { directory, open: (openDatabase) => openRecords(surroundings(openDatabase), directory) };
  const { bootId, journalId, update } = node.open();
  update(POOL, () =>
    afterAnswer(undefined, { answer, proposal: undefined, bootId, journal: journalId, now: Date.now() }),
  );
  let innerDid: boolean | undefined;
  const openDatabase = interleavedDatabase(libsqlDatabase, (done) => {
    if (done === at) innerDid = inner(node);
  });
  try {
    const outerDid = outer(node, openDatabase);
    return innerDid === undefined ? undefined : [outerDid, innerDid];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Every end that some interleaving has: how many of the two did it. */
function ends(one: Party, other: Party): Set<number> {
  const found = new Set<number>();
  for (const [outer, inner] of [
    [one, other],
    [other, one],
  ] as const) {
    for (let at = 0; ; at += 1) {
      const end = inTurn(outer, inner, at);
      if (end === undefined) break;
      found.add(end.filter(Boolean).length);
    }
  }
  return found;
}

describe('a block in which a container comes to live offline', () => {
  test('is not given back at the same time', () => {
    expect(ends(living, givingBack)).toEqual(new Set([1]));
  });

  test.each([
    ['the container looked whether the block is the node’s before it had its slot', lookingFirst, givingBack],
    ['who gives back looked for used slots in another transaction', living, lookingForSlotsFirst],
  ] as const)('could be if %s', (_, live, give) => {
    expect(ends(live, give)).toContain(2);
  });
});
