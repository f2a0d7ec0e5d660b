import { expect, it } from 'vitest';
import { scatter } from '../../core/addresses/scatter.ts';
import { NODE_LIST_SHARDS } from '../../core/contract/limits.ts';
import type { Store } from '../../core/store.ts';
import { newId, type RecordRefusal } from './refusals.ts';

const region = 'us-east-1';

const account = { partition: 'aws', id: '111122223333' };
const shardOf = (id: string) => scatter(id) % NODE_LIST_SHARDS;

export function nodeListSuite(open: () => Store): void {
  it('is empty of a node until its first life is listed', async () => {
    const { nodes } = open();
    const id = newId();
    expect(await nodes.readListed(id)).toBeUndefined();
    expect([
      await nodes.noteListedDead(id, 1),
      await nodes.noteInstance(id, { state: 'running', region, at: 1 }),
    ]).toEqual([false, false]);
    expect(await nodes.readListed(id)).toBeUndefined();
    expect(await nodes.noteListed(id, { incarnation: 1, account, cluster: 'prod' }, 5)).toBe(true);
    const listed = { id, incarnation: 1, alive: true, lifeAt: 5, account, cluster: 'prod' };
    expect(await nodes.readListed(id)).toEqual(listed);
    expect(await nodes.noteListed(id, { incarnation: 1, cluster: 'other' }, 6)).toBe(false);
    expect(await nodes.readListed(id)).toEqual(listed);
    expect(await nodes.noteListed(id, { incarnation: 2 }, 7)).toBe(true);
    const { cluster: _, ...ofNone } = listed;
    expect(await nodes.readListed(id)).toEqual({ ...ofNone, incarnation: 2, lifeAt: 7 });
  });

  it('has what the node said last, and what was left out stays; but it is of no cluster once its role is of none', async () => {
    const { nodes } = open();
    const id = newId();
    await nodes.noteListed(id, { incarnation: 2 }, 5);
    const report = { attachments: 1, held: 1, mayHold: 2, local: 0, outbox: 0, lost: 1, blocks: 1 };
    const lostLeases = [{ addresses: ['10.1.0.5/24'], containerId: 'c' }];
    const journal = { at: 6, report: { ...report, lostLeases } };
    const said = { name: 'ip-10-0-0-1', version: '1.0.0', region: 'eu-central-1', cluster: 'prod', account, journal };
    expect(await nodes.noteHeartbeat(id, { incarnation: 2, heartbeatAt: 6, ...said })).toBe(true);
    expect(await nodes.noteHeartbeat(id, { incarnation: 2, heartbeatAt: 7 })).toBe(true);
    const { cluster: _, ...kept } = said;
    const listed = { id, incarnation: 2, alive: true, lifeAt: 5, heartbeatAt: 7, ...kept };
    expect(await nodes.readListed(id)).toEqual(listed);
    expect(await nodes.noteHeartbeat(id, { incarnation: 1, heartbeatAt: 8, name: 'late' })).toBe(false);
    expect(await nodes.readListed(id)).toEqual(listed);
  });

  it('comes to have a node that an earlier version did not list by its heartbeat', async () => {
    const { nodes } = open();
    const id = newId();
    expect(await nodes.noteHeartbeat(id, { incarnation: 3, heartbeatAt: 6 })).toBe(true);
    expect(await nodes.readListed(id)).toEqual({ id, incarnation: 3, alive: true, lifeAt: 6, heartbeatAt: 6 });
  });

  it('shows a life that is over, which no late heartbeat brings back; only its next life does', async () => {
    const { nodes } = open();
    const id = newId();
    await nodes.noteListed(id, { incarnation: 1 }, 5);
    expect(await nodes.noteListedDead(id, 1)).toBe(true);
    expect(await nodes.noteHeartbeat(id, { incarnation: 1, heartbeatAt: 6 })).toBe(false);
    expect(await nodes.readListed(id)).toEqual({ id, incarnation: 1, alive: false, lifeAt: 5 });
    expect(await nodes.noteListed(id, { incarnation: 2 }, 7)).toBe(true);
    expect([await nodes.noteListedDead(id, 1), await nodes.unlist(id, 1)]).toEqual([false, false]);
    await nodes.noteListedDead(id, 2);
    expect([await nodes.unlist(id, 2), await nodes.unlist(id, 2)]).toEqual([true, false]);
    expect(await nodes.readListed(id)).toBeUndefined();
  });

  it('has what EC2 said last, and since when EC2 knows the node: by “not found” it does not', async () => {
    const { nodes } = open();
    const id = newId();
    await nodes.noteListed(id, { incarnation: 1 }, 5);
    const said = async () => {
      const { instance, knownToEc2At, knownToEc2In } = (await nodes.readListed(id)) ?? {};
      return { instance, knownToEc2At, knownToEc2In };
    };
    const other = 'eu-central-1';
    for (const [state, at, knownToEc2At, asked, knownToEc2In] of [
      ['not-found', 10, undefined, region, undefined],
      ['running', 20, 20, region, region],
      ['not-found', 25, 20, other, region],
      ['stopped', 30, 20, other, other],
      ['not-found', 40, 20, region, other],
    ] as const) {
      expect(await nodes.noteInstance(id, { state, region: asked, at })).toBe(true);
      expect(await said()).toEqual({ instance: { state, region: asked, at }, knownToEc2At, knownToEc2In });
    }
    expect(await nodes.noteInstance(id, { state: 'running', region, at: 39 })).toBe(false);
    expect(await said()).toEqual({
      instance: { state: 'not-found', region, at: 40 },
      knownToEc2At: 20,
      knownToEc2In: other,
    });
  });

  it('is read part by part, a page at a time', async () => {
    const { nodes } = open();
    const ids = Array.from({ length: 80 }, () => newId()).filter((id) => shardOf(id) === 3);
    for (const id of ids) await nodes.noteListed(id, { incarnation: 1 }, 5);
    const found: string[] = [];
    let after: string | undefined;
    do {
      const page = await nodes.listNodes({ shard: 3, limit: 2, after });
      expect(page.nodes.length).toBeLessThanOrEqual(2);
      found.push(...page.nodes.map(({ id }) => id));
      after = page.next;
    } while (after !== undefined);
    expect(found.filter((id) => ids.includes(id))).toEqual([...ids].sort());
    expect(found).toEqual([...found].sort());
    const elsewhere = await nodes.listNodes({ shard: 4, limit: 1000 });
    expect(elsewhere.nodes.filter(({ id }) => ids.includes(id))).toEqual([]);
  });
}

/** A listing refuses `attempt` in the state in which `before` leaves it. */
const listRefusal = (
  condition: string,
  because: string,
  before: (nodes: Store['nodes'], id: string) => Promise<unknown>,
  attempt: (nodes: Store['nodes'], id: string) => Promise<boolean>,
): RecordRefusal => ({
  condition,
  because,
  async expectRefused({ nodes }) {
    const id = newId();
    await before(nodes, id);
    const was = await nodes.readListed(id);
    expect(await attempt(nodes, id)).toBe(false);
    expect(await nodes.readListed(id)).toEqual(was);
  },
});
type Step = (nodes: Store['nodes'], id: string) => Promise<unknown>;
const unlisted: Step = async () => undefined;
const alive: Step = (nodes, id) => nodes.noteListed(id, { incarnation: 2 }, 5);
const dead: Step = async (nodes, id) => {
  await alive(nodes, id);
  await nodes.noteListedDead(id, 2);
};
const asked: Step = async (nodes, id) => {
  await alive(nodes, id);
  await nodes.noteInstance(id, { state: 'running', region, at: 9 });
};

export const listRefusals: readonly RecordRefusal[] = [
  ...['neverWatched', 'watchedLater'].map((condition) => ({
    condition,
    because: 'a watch is said to have begun earlier than is known',
    async expectRefused({ nodes }: Store) {
      const { since = 0 } = (await nodes.readWatch()) ?? {};
      const later = { since: since + 10, at: since + 20 };
      expect(await nodes.noteWatch(later)).toBe(true);
      expect(await nodes.noteWatch({ since: since + 9, at: since + 30 })).toBe(false);
      expect(await nodes.readWatch()).toEqual(later);
    },
  })),
  listRefusal('listingAbsent', 'a life is listed again', alive, (nodes, id) =>
    nodes.noteListed(id, { incarnation: 2 }, 6),
  ),
  listRefusal('listedLifeOlder', 'an earlier life is listed', alive, (nodes, id) =>
    nodes.noteListed(id, { incarnation: 1 }, 6),
  ),
  listRefusal('sameListedLife', 'a heartbeat comes late, of an earlier life', alive, (nodes, id) =>
    nodes.noteHeartbeat(id, { incarnation: 1, heartbeatAt: 6 }),
  ),
  listRefusal('listedAlive', 'a heartbeat comes late, of a life that is over', dead, (nodes, id) =>
    nodes.noteHeartbeat(id, { incarnation: 2, heartbeatAt: 6 }),
  ),
  listRefusal('sameListedLife', 'an earlier life is noted as over', alive, (nodes, id) => nodes.noteListedDead(id, 1)),
  listRefusal('listingThere', 'EC2 was asked of a node that is not listed', unlisted, (nodes, id) =>
    nodes.noteInstance(id, { state: 'running', region, at: 6 }),
  ),
  ...['neverAsked', 'askedBefore'].map((condition) =>
    listRefusal(condition, 'EC2 was asked again since', asked, (nodes, id) =>
      nodes.noteInstance(id, { state: 'stopped', region, at: 8 }),
    ),
  ),
  listRefusal('sameListedLife', 'a node in its next life leaves the list', dead, (nodes, id) => nodes.unlist(id, 1)),
];
