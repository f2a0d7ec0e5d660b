/** How any store keeps what is over. */
import { expect, it } from 'vitest';
import type { EndedLease, LeaseNote } from '../../core/protocol/history.ts';
import type { Store } from '../../core/store.ts';
import { mine, newId, newSlot } from './refusals.ts';

const pod = { namespace: 'shop', name: 'web-0', uid: 'u-1' };
const DAY = 86_400_000;
const HOUR = DAY / 24;

export function historySuite(open: () => Store): void {
  it('begins once', async () => {
    const { history } = open();
    const first = await history.noteBegun(5_000);
    expect(await history.noteBegun(9_000)).toBe(first);
    expect(await history.readBegun()).toBe(first);
  });

  it('has the leases of a slot by their ends, each once however often it is recorded', async () => {
    const { history } = open();
    const slot = newSlot();
    const ended = (endedAt: number, nonce: string, previousEndedAt?: number): EndedLease => ({
      slot,
      holding: { ...mine, nonce, pod },
      endedAt,
      ...(previousEndedAt === undefined ? {} : { previousEndedAt }),
    });
    const all = [ended(15_000, 'n1'), ended(15_000, 'n2', 15_000), ended(99_000, 'n3', 15_000)];
    for (const lease of [...all, ...all].reverse()) await history.recordEnded(lease, 2 * DAY);
    const page = { now: 100_000, limit: 10 };
    expect(await history.readEnded(slot, 0, page)).toEqual(all);
    expect(await history.readEnded(slot, 14_999, { ...page, limit: 2 })).toEqual(all.slice(0, 2));
    expect(await history.readEnded(slot, 15_000, page)).toEqual(all.slice(2));
    expect(await history.readEnded(slot, 99_000, page)).toEqual([]);
    expect(await history.readEnded({ ...slot, slot: 12 }, 0, page)).toEqual([]);
  });

  it('is not read beyond its time, though it may still be there', async () => {
    const { history } = open();
    const slot = newSlot();
    await history.recordEnded({ slot, holding: mine, endedAt: 15_000 }, 20_000);
    await history.recordNotes({ period: 7, lane: slot.pool }, [noteAt(slot, 15_000)], 20_000);
    await history.recordSample(slot.pool, { at: 15_000, taken: 1, capacity: 2 }, 20_000);
    const read = async (now: number) => [
      await history.readEnded(slot, 0, { now, limit: 9 }),
      await history.readNotes({ from: 7, to: 8, lane: slot.pool }, now),
      await history.readSamples(slot.pool, 0, now),
    ];
    expect((await read(19_999)).map((found) => found.length)).toEqual([1, 1, 1]);
    expect(await read(20_000)).toEqual([[], [], []]);
  });

  it('has notes of many leases together, and again where a batch came in halves', async () => {
    const { history } = open();
    const part = { period: 3, lane: newId() };
    const slot = newSlot();
    const notes = [noteAt(slot, 15_000), noteAt({ ...slot, block: 1n << 70n }, 16_000, pod), noteAt(slot, 17_000)];
    for (const some of [notes, notes, notes.slice(0, 1)]) await history.recordNotes(part, some, 2 * DAY);
    const { lane } = part;
    for (const [from, to] of [
      [3, 4],
      [0, 144],
    ] as const) {
      const read = await history.readNotes({ lane, from, to }, 20_000);
      expect(read).toHaveLength(4);
      expect(read).toEqual(expect.arrayContaining(notes));
    }
    const others = [
      { from: 0, to: 3 },
      { from: 4, to: 144 },
      { from: 147, to: 148 },
    ];
    for (const span of others) expect(await history.readNotes({ lane, ...span }, 20_000)).toEqual([]);
  });

  it('has the use of a pool hour by hour, each hour once, of that pool alone, and from a time on', async () => {
    const { history } = open();
    const [pool, other] = [newId(), newId()];
    const sample = (at: number, taken: number) => ({ at, taken, capacity: 250 });
    // In no order, one of them twice: what was written last counts.
    for (const [at, taken] of [
      [3, 30],
      [1, 10],
      [2, 999],
      [2, 20],
    ] as const)
      await history.recordSample(pool, sample(at * HOUR, taken), 2 * DAY);
    await history.recordSample(other, sample(2 * HOUR, 7), 2 * DAY);
    const all = [sample(HOUR, 10), sample(2 * HOUR, 20), sample(3 * HOUR, 30)];
    expect(await history.readSamples(pool, 0, HOUR)).toEqual(all);
    expect(await history.readSamples(pool, HOUR, HOUR)).toEqual(all.slice(1));
    expect(await history.readSamples(newId(), 0, HOUR)).toEqual([]);
  });

  it('has the use of a pool of which a double does not count all addresses', async () => {
    const { history } = open();
    const pool = newId();
    const sample = { at: HOUR, taken: 3, capacity: 2 ** 64 };
    await history.recordSample(pool, sample, 2 * DAY);
    expect(await history.readSamples(pool, 0, HOUR)).toEqual([sample]);
  });

  it('has who changed what, day by day, as it was completed last', async () => {
    const { history } = open();
    const id = newId();
    const day = 1_000 + Number.parseInt(id.slice(0, 6), 16);
    const at = day * DAY + 5;
    const entry = { id, at, by: 'user/a', action: 'pool.changed', subject: 'default/blue', before: { v: 1 } } as const;
    await history.recordAudit({ ...entry, outcome: 'begun' }, at + DAY);
    await history.recordAudit({ ...entry, outcome: 'done', after: { v: 2 } }, at + DAY);
    await history.recordAudit({ ...entry, id: `${id}0`, at: at - 1, outcome: 'refused' }, at + DAY);
    expect(await history.readAudit(day, at)).toEqual([
      { ...entry, id: `${id}0`, at: at - 1, outcome: 'refused' },
      { ...entry, outcome: 'done', after: { v: 2 } },
    ]);
    expect(await history.readAudit(day + 1, at)).toEqual([]);
  });
}

const noteAt = (slot: LeaseNote['slot'], endedAt: number, whose?: LeaseNote['pod']): LeaseNote => ({
  slot,
  node: 'i-1',
  incarnation: 2,
  network: 'blue',
  ifname: 'eth0',
  heldAt: 10_000,
  endedAt,
  ...(whose === undefined ? {} : { pod: whose }),
});
