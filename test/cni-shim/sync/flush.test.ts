/** How many requests tell the service what happened meanwhile, and where they stop. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Calls } from '../../../cni-shim/api/client.ts';
import { type NodeRecords, openRecords } from '../../../cni-shim/node/node-records.ts';
import { afterAnswer } from '../../../cni-shim/node/pool-cache.ts';
import { flush, flushAll } from '../../../cni-shim/sync/flush.ts';
import type { AllocateResult } from '../../../core/contract/lease.ts';
import { defaultPolicy } from '../../../core/contract/pool.ts';
import { LessorError, type ProblemCode } from '../../../core/contract/problems.ts';
import { machineUnderNode } from '../../support/machine-under-node.ts';

const POOL = 'a'.repeat(16);
const pool: AllocateResult['pool'] = {
  ...defaultPolicy,
  id: POOL,
  vrf: 'default',
  name: 'green',
  affinity: 'node',
  ranges: [[{ subnet: '10.1.0.0/24', rangeStart: '10.1.0.0', rangeEnd: '10.1.0.255', gateway: '10.1.0.1' }]],
  blockSize: 16,
  gateway: 'pool',
  createdAt: '2026-01-01T00:00:00Z',
};
const slot = (number: number, block = 1) => ({ pool: POOL, block: block.toString(16), slot: number });

let directory: string;
let records: NodeRecords;
/** `report c1`, `release c2`, `give back 1`, in the order in which they were sent. */
let sent: string[];
/** What becomes of a request. */
let fate: (request: string) => ProblemCode | undefined;
const surroundings = () => machineUnderNode();

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lessor-flush-'));
  records = openRecords(surroundings(), directory);
  sent = [];
  fate = () => undefined;
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function send(request: string): Promise<void> {
  sent.push(request);
  const code = fate(request);
  if (code !== undefined) throw new LessorError(code, 'it says no');
}
/** Of before there were batches. */
const api = {
  batch: async () => {
    throw new LessorError('route.unknown', 'there is no such route');
  },
  report: async ({ attachment }: Parameters<Calls['report']>[0]) => {
    await send(`report ${attachment.containerId}`);
    return { incarnation: 1 };
  },
  release: async ({ attachment }: Parameters<Calls['release']>[0]) => {
    await send(`release ${attachment.containerId}`);
    return { released: [] };
  },
  giveBack: async ({ block }: Parameters<Calls['giveBack']>[0]) => {
    await send(`give back ${block}`);
    return { outcome: 'released' };
  },
} as unknown as Calls;

const begin = (containerId: string, number: number, block = 1) =>
  records.journal.begin(
    { attachment: { network: 'net', containerId, ifname: 'eth0' }, nonce: `of ${containerId}`, bootId: records.bootId },
    () => [slot(number, block)],
  );
/** In the order of their names. */
function living(...containers: string[]): void {
  for (const [index, id] of containers.entries()) {
    const entry = begin(id, index);
    records.outbox.liveWith(entry, () => ({ slot: slot(index), addresses: [], generation: 1 }), true);
  }
}
function gone(...containers: string[]): void {
  for (const [index, id] of containers.entries()) records.outbox.retire(begin(id, 8 + index));
}
const flushed = async (most?: number) => {
  const flushing = { records, api, now: Date.now };
  const { reported, released, failures } = await flush(flushing, most === undefined ? {} : { most });
  return { reported, released, failed: failures.map(({ error }) => error.code) };
};

describe('what the service is to be told', () => {
  test('is told, reports first', async () => {
    gone('d1', 'd2');
    living('r1', 'r2');
    expect(await flushed()).toEqual({ reported: 2, released: 2, failed: [] });
    expect(sent).toEqual(['report r1', 'report r2', 'release d1', 'release d2']);
    expect(await flushed()).toEqual({ reported: 0, released: 0, failed: [] });
    expect(sent).toHaveLength(4);
  });

  test.each(['service.unavailable', 'service.busy', 'auth.denied', 'node.credentials', 'contract.version'] as const)(
    'ends with %s, after which nothing more is sent',
    async (code) => {
      gone('d1', 'd2');
      living('r1', 'r2', 'r3');
      fate = (request) => (request === 'report r2' ? code : undefined);
      expect(await flushed()).toEqual({ reported: 1, released: 0, failed: [code] });
      expect(sent).toEqual(['report r1', 'report r2']);
      fate = (request) => (request === 'release d1' ? code : undefined);
      expect(await flushed()).toEqual({ reported: 2, released: 0, failed: [code] });
      expect(sent.slice(2)).toEqual(['report r2', 'report r3', 'release d1']);
    },
  );

  test.each(['lease.lost', 'address.cooling', 'address.held', 'request.invalid'] as const)(
    'goes on with the next after %s, which is of one lease',
    async (code) => {
      gone('d1', 'd2');
      living('r1', 'r2');
      fate = (request) => (request.endsWith('1') ? code : undefined);
      expect(await flushed()).toEqual({ reported: 1, released: 1, failed: [code, code] });
      expect(sent).toEqual(['report r1', 'report r2', 'release d1', 'release d2']);
    },
  );

  test.each(['pool.unknown', 'route.unknown', 'auth.denied', 'lease.lost'] as const)(
    'is released although the report of its end is refused with %s',
    async (code) => {
      living('e1');
      for (const entry of records.journal.entries()) records.outbox.retire(entry);
      fate = (request) => (request.startsWith('report') ? code : undefined);
      expect(await flushed()).toEqual({ reported: 0, released: 1, failed: [] });
      expect(sent).toEqual(['report e1', 'release e1']);
      expect(records.journal.slotNames()).toEqual([]);
    },
  );

  test.each(['service.unavailable', 'service.busy', 'service.fault'] as const)(
    'is not released before the report of its end was decided: %s',
    async (code) => {
      living('e1');
      for (const entry of records.journal.entries()) records.outbox.retire(entry);
      fate = (request) => (request.startsWith('report') ? code : undefined);
      expect(await flushed()).toEqual({ reported: 0, released: 0, failed: [code] });
      expect(sent).toEqual(['report e1']);
    },
  );

  test.each([0, 1, 2, 3, 4, 5, 6, 7])('takes no more than %i requests, whatever comes of them', async (most) => {
    for (const code of [undefined, 'lease.lost'] as const) {
      gone('d1', 'd2', 'd3');
      living('r1', 'r2', 'r3');
      sent = [];
      fate = () => code;
      await flushed(most);
      expect(sent).toHaveLength(Math.min(most, 6));
      fate = () => undefined;
      await flushed();
      for (const entry of records.journal.entries()) records.journal.forget(entry);
    }
  });
});

describe('blocks that are empty after a release', () => {
  /** Block 1 has the slots of containers that are gone; block 2 has room. */
  beforeEach(() => {
    const { bootId, journalId } = records;
    const blocks = [1, 2, 3].map((block) => ({ block: String(block), generation: 1 }));
    const answer: AllocateResult = { slot: slot(0, 2), addresses: [], incarnation: 1, blocks, pool };
    const about = { bootId, journal: journalId, now: Date.now() };
    records.update(POOL, () => afterAnswer(undefined, { answer, proposal: undefined, ...about }));
  });

  test('count as requests', async () => {
    for (const most of [1, 2]) {
      records.outbox.retire(begin('d1', 8));
      sent = [];
      expect(await flushed(most)).toEqual({ reported: 0, released: 1, failed: [] });
      expect(sent).toEqual(['release d1', 'give back 1'].slice(0, most));
    }
  });

  test('end it where they are not answered, and not where they are refused', async () => {
    records.outbox.retire(begin('d1', 8));
    records.outbox.retire(begin('d2', 8, 3));
    fate = (request) => (request.startsWith('give back') ? 'service.unavailable' : undefined);
    expect(await flushed()).toEqual({ reported: 0, released: 1, failed: [] });
    expect(sent).toEqual(['release d1', 'give back 1']);
    sent = [];
    fate = (request) => (request.startsWith('give back') ? 'route.unknown' : undefined);
    expect(await flushed()).toMatchObject({ released: 1, failed: [] });
    expect(sent).toEqual(['release d2', 'give back 3']);
  });

  test('of all networks are given back with it, up to the first that is not answered', async () => {
    for (const block of ['1', '3']) expect(records.returnedBlocks.giveBack(POOL, { block, generation: 1 })).toBe(true);
    const all = () =>
      flushAll({ surroundings: surroundings(), dataDirs: [], bootId: records.bootId }, [records, records], api);
    fate = () => 'service.unavailable';
    await all();
    expect(sent).toEqual(['give back 1']);
    sent = [];
    fate = () => undefined;
    await all();
    expect(sent).toEqual(['give back 1', 'give back 3']);
    living('r1');
    sent = [];
    records.outbox.retire(begin('d1', 9, 2));
    fate = () => 'service.unavailable';
    expect(await all()).toMatchObject({ reported: 0, released: 0, failures: [{}] });
    expect(sent).toEqual(['report r1']);
  });
});
