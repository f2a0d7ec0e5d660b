/** What a restore means for identities: docs/restore.md says the same in words. */
import { PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AllocateResult } from '../../core/contract/lease.ts';
import { documentClient } from '../../functions/store/dynamodb-client.ts';
import { dynamodbStore, type Tables } from '../../functions/store/dynamodb-store.ts';
import type { Dependencies } from '../../functions/use-cases/dependencies.ts';
import { reportLease } from '../../functions/use-cases/leases/report-lease.ts';
import { createTables } from '../../local/aws/tables.ts';
import { create } from '../functions/pool-requests.ts';
import { add, addOf, callOf, del, delOf, nonceOf, refusalOf, type World, world } from '../functions/world.ts';
import { type LocalTables, localTables, tableOf } from '../store/local-tables.ts';

const KEPT_MS = 3_600_000;
const LIVE: Tables = { pools: 'Pools', leases: 'Leases', history: 'History' };
/** Both of T; and of two times. */
const RESTORED: Tables = { pools: 'PoolsAtT', leases: 'LeasesAtT', history: 'History' };
const OLDER_LEASES: Tables = { pools: 'PoolsOfNow', leases: 'LeasesAtTToo', history: 'History' };
const OLDER_POOLS: Tables = { pools: 'PoolsAtTToo', leases: 'LeasesOfNow', history: 'History' };

let local: LocalTables;
let live: World;
const got = new Map<number, AllocateResult>();

/** The service over other tables, in an environment that remembers nothing. */
const attached = (tables: Tables): Dependencies =>
  world(dynamodbStore(documentClient(), tables)).environment({ now: () => live.clock.now });
/** Its tokens are its own. */
let services = 0;
const serviceOver = (tables: Tables): Dependencies => {
  services += 1;
  const [service, writes] = [services, { count: 0 }];
  return { ...attached(tables), newToken: () => `restored ${service} ${writes.count++}` };
};

const podOf = (container: number) => ({ namespace: 'shop', name: `launcher-${container}` });
const pool = { vrf: 'default', name: 'vms' };
async function lease(deps: Dependencies, container: number, identity?: string) {
  const who = identity === undefined ? {} : { identity };
  const answer = await add(deps, 'i-1', addOf(container, { pool, pod: podOf(container), ...who }));
  got.set(container, answer);
  return answer.addresses[0]?.address;
}
const end = (deps: Dependencies, container: number) =>
  del(deps, 'i-1', delOf(container, { slot: slotOf(container), acknowledged: true }));
const slotOf = (container: number) => (got.get(container) as AllocateResult).slot;
const addressOf = (container: number) => got.get(container)?.addresses[0]?.address;
/** As its node asserts what lives on it. */
const assert = (deps: Dependencies, container: number, identity?: string) =>
  reportLease(deps, callOf('i-1'), {
    attachment: addOf(container).attachment,
    nonce: nonceOf(container),
    boot: 'boot-1',
    slot: slotOf(container),
    generation: 1,
    again: true,
    pod: podOf(container),
    ...(identity === undefined ? {} : { identity }),
  });

async function copied(from: string, to: string): Promise<void> {
  await createTables(local.endpoint, [tableOf(to)]);
  const client = documentClient();
  const { Items = [] } = await client.send(new ScanCommand({ TableName: from }));
  for (const Item of Items) await client.send(new PutCommand({ TableName: to, Item }));
}

beforeAll(async () => {
  local = await localTables();
  live = world(dynamodbStore(documentClient(), LIVE));
  const deps = live.environment();
  const ranges = [[{ subnet: '10.1.0.0/24' }]];
  await create(deps, { name: 'vms', ranges, blockSize: 256, cooldownSeconds: 0, identitySeconds: KEPT_MS / 1000 });
  await lease(deps, 1, 'lives');
  await lease(deps, 2, 'stopped-since');
  await lease(deps, 5, 'moved-since');
  await end(deps, 5);
  await lease(deps, 8, 'stopped-and-moved-since');
  for (const { pools, leases } of [RESTORED, { pools: OLDER_POOLS.pools, leases: OLDER_LEASES.leases }]) {
    await copied(LIVE.pools, pools);
    await copied(LIVE.leases, leases);
  }
  live.clock.now += 1_000;
  await end(deps, 2);
  await end(deps, 8);
  await lease(deps, 3, 'begun-since');
  await lease(deps, 4, 'begun-and-stopped-since');
  await end(deps, 4);
  live.clock.now += KEPT_MS;
  // Others have their addresses by the time that they come back.
  for (const [former, other] of [
    [5, 6],
    [8, 9],
  ] as const) {
    expect(await deps.store.leases.hold(slotKeyOf(former), holdingOf(other), 1)).toEqual({ held: true });
    got.set(other, got.get(former) as AllocateResult);
  }
  await lease(deps, 7, 'moved-since');
  await lease(deps, 10, 'stopped-and-moved-since');
  await copied(LIVE.pools, OLDER_LEASES.pools);
  await copied(LIVE.leases, OLDER_POOLS.leases);
}, 60_000);
afterAll(() => local?.stop());

const slotKeyOf = (container: number) => ({ pool: slotOf(container).pool, block: 0n, slot: slotOf(container).slot });
const holdingOf = (container: number) => ({
  attachment: addOf(container).attachment,
  nonce: nonceOf(container),
  node: 'i-1',
  incarnation: 1,
  heldAt: live.clock.now,
  pod: podOf(container),
});

describe('identities in tables that are both restored to T', () => {
  let deps: Dependencies;
  beforeAll(() => {
    deps = serviceOver(RESTORED);
  });

  it('that lived then and live are held as they were: their next pod waits', async () => {
    expect((await refusalOf(lease(deps, 11, 'lives'))).code).toBe('identity.held');
  });

  it('whose pod ended since have their address once its node has looked', async () => {
    expect((await refusalOf(lease(deps, 12, 'stopped-since'))).code).toBe('identity.held');
    const address = addressOf(2);
    await end(deps, 2);
    expect(await lease(deps, 12, 'stopped-since')).toBe(address);
  });

  it('that live since T have theirs again when their node asserts it, and then their next pod waits', async () => {
    await assert(deps, 3, 'begun-since');
    const refusal = await refusalOf(lease(deps, 13, 'begun-since'));
    expect([refusal.code, refusal.facts.addresses]).toEqual(['identity.held', [addressOf(3)]]);
    await end(deps, 3);
    const address = addressOf(3);
    expect(await lease(deps, 13, 'begun-since')).toBe(address);
  });

  it('that have another address since T have that one, and whoever has theirs of before keeps it', async () => {
    expect(addressOf(7)).not.toBe(addressOf(6));
    await assert(deps, 7, 'moved-since');
    await assert(deps, 6);
    const address = addressOf(7);
    expect((await refusalOf(lease(deps, 17, 'moved-since'))).facts.addresses).toEqual([address]);
    await end(deps, 7);
    expect(await lease(deps, 17, 'moved-since')).toBe(address);
  });

  it('whose former pod is held in the tables have theirs once the node of that one has looked', async () => {
    expect((await refusalOf(assert(deps, 10, 'stopped-and-moved-since'))).code).toBe('lease.lost');
    await end(deps, 8);
    await assert(deps, 10, 'stopped-and-moved-since');
    await assert(deps, 9);
    const refusal = await refusalOf(lease(deps, 20, 'stopped-and-moved-since'));
    expect([refusal.code, refusal.facts.addresses]).toEqual(['identity.held', [addressOf(10)]]);
  });

  it('that began and ended since T are not known: their next pod gets any address', async () => {
    const { store } = deps;
    const key = { pool: slotOf(4).pool, namespace: 'shop', identity: 'begun-and-stopped-since' };
    expect(await store.identities.read(key)).toBeUndefined();
    expect(await lease(deps, 14, 'begun-and-stopped-since')).toMatch(/^10\.1\.0\./);
  });
});

describe('identities in tables of two times', () => {
  it('whose slot is missing have it again when it is asserted', async () => {
    const deps = serviceOver(OLDER_LEASES);
    await assert(deps, 7, 'moved-since');
    expect((await refusalOf(lease(deps, 21, 'moved-since'))).code).toBe('identity.held');
  });

  it('of which an older slot is known may have two addresses while a pod lives, never one that lives twice', async () => {
    const deps = serviceOver(OLDER_POOLS);
    const second = await lease(deps, 22, 'moved-since');
    expect(second).not.toBe(addressOf(7));
    expect(second).not.toBe(addressOf(6));
    const lives = await deps.store.leases.readSlot(slotKeyOf(7));
    expect([lives?.held, lives?.holding?.nonce]).toEqual([true, nonceOf(7)]);
  });
});
