/**
 * A container that comes to live offline in a block, beside a DEL that gives the block back: each runs whole between any two
 * file operations of the other. Never both may happen (I3).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Calls } from '../../../cni-shim/api/client.ts';
import { type Files, nodeFiles } from '../../../cni-shim/machine/files.ts';
import { type NetworkRecords, openRecords } from '../../../cni-shim/node/network-records.ts';
import { ownLease } from '../../../cni-shim/node/offline-lease.ts';
import { afterAnswer } from '../../../cni-shim/node/pool-cache.ts';
import { giveBack } from '../../../cni-shim/sync/return-block.ts';
import type { AllocateResult } from '../../../core/contract/lease.ts';
import { defaultPolicy } from '../../../core/contract/pool.ts';
import { resolvePoolShape } from '../../../core/pools/pool-shape.ts';

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

/** Takes its steps, in their order, over those files. */
type Party = (open: (files: Files) => NetworkRecords, files: Files) => void;

interface Outcome {
  lives: boolean;
  sent: boolean;
}

const living =
  (order: 'name, then mark' | 'mark, then name') =>
  (outcome: Outcome): Party =>
  (open, files) => {
    const records = open(files);
    const attachment = { network: 'net', containerId: 'c1', ifname: 'eth0' };
    const early = records.cacheOf(POOL)?.blocks.length === 1;
    const entry = records.journal.begin({ attachment, nonce: 'n', bootId: 'boot-1' }, () => [slot(5)]);
    const local =
      order === 'name, then mark'
        ? ownLease(records, entry)
        : early
          ? { slot: slot(5), generation: 1, addresses: [] }
          : undefined;
    outcome.lives = local !== undefined && records.outbox.liveWith(entry, local);
  };

const givingBack =
  (order: 'mark, then look' | 'look, then mark') =>
  (outcome: Outcome): Party =>
  (open, files) => {
    const records = open(files);
    const api = {
      giveBack: async () => {
        outcome.sent = true;
        return { outcome: 'released' };
      },
    } as unknown as Calls;
    const isEmpty = records.journal.slotNames().length === 0;
    if (!isEmpty) return;
    records.givenBack.mark(POOL, claim);
    if (order === 'look, then mark') outcome.sent = true;
    // Up to its request it does not wait for anything.
    else void giveBack(records, api, POOL, claim);
  };

/** True if some interleaving lets the container live and the block be given back. */
function canBoth(live: (outcome: Outcome) => Party, give: (outcome: Outcome) => Party): boolean {
  const nested = (outer: Party, inner: Party, outcome: Outcome): boolean => {
    for (let at = 0; ; at += 1) {
      const directory = mkdtempSync(join(tmpdir(), 'lessor-race-'));
      const where = { dataDir: directory, name: 'net', bootId: 'boot-1' };
      const open = (files: Files) => openRecords({ files, now: Date.now }, where);
      const setUp = open(nodeFiles);
      const circumstances = { bootId: 'boot-1', journal: setUp.journalId, now: Date.now() };
      setUp.write(afterAnswer(undefined, { answer, proposal: undefined, ...circumstances }));
      Object.assign(outcome, { lives: false, sent: false });
      let done = 0;
      const files = Object.fromEntries(
        Object.entries(nodeFiles).map(([name, operation]) => [
          name,
          (...args: unknown[]) => {
            if (done === at) {
              done += 1;
              inner(open, nodeFiles);
            } else done += 1;
            return (operation as (...args: unknown[]) => unknown)(...args);
          },
        ]),
      ) as unknown as Files;
      outer(open, files);
      const finished = done <= at;
      if (finished) inner(open, nodeFiles);
      rmSync(directory, { recursive: true, force: true });
      if (outcome.lives && outcome.sent) return true;
      if (finished) return false;
    }
  };
  const outcome = { lives: false, sent: false };
  const [alive, back] = [live(outcome), give(outcome)];
  return nested(alive, back, outcome) || nested(back, alive, outcome);
}

describe('a block in which a container comes to live offline', () => {
  test('is not given back at the same time', () => {
    expect(canBoth(living('name, then mark'), givingBack('mark, then look'))).toBe(false);
  });

  test.each([
    ['who gives back looked before making the mark', living('name, then mark'), givingBack('look, then mark')],
    [
      'the container looked for the mark before naming its slot',
      living('mark, then name'),
      givingBack('mark, then look'),
    ],
  ] as const)('could be if %s', (_, live, give) => {
    expect(canBoth(live, give)).toBe(true);
  });
});
