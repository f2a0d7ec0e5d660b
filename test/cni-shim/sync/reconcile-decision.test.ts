import { describe, expect, test } from 'vitest';
import type { JournalEntry } from '../../../cni-shim/node/journal-entry.ts';
import { type Known, reasonToRelease } from '../../../cni-shim/sync/reconcile-decision.ts';
import type { SlotReference } from '../../../core/contract/ids.ts';
import type { OwnLease } from '../../../core/contract/nodes.ts';

const OURS = '1'.repeat(16);
const OTHERS = '2'.repeat(16);
const nonceOf = (journal: string) => `${journal}${'a'.repeat(16)}`;
const slot = (number: number): SlotReference => ({ pool: 'c'.repeat(16), block: '3', slot: number });
const attachment = { network: 'net', containerId: 'c1', ifname: 'eth0' };
const lease = (change: Partial<OwnLease> = {}): OwnLease => ({
  slot: slot(7),
  attachment,
  nonce: nonceOf(OURS),
  incarnation: 4,
  heldAt: '2026-01-01T00:00:00Z',
  ...change,
});
const entry = (change: Partial<JournalEntry> = {}): JournalEntry => ({
  attachment,
  nonce: nonceOf(OURS),
  attempts: 1,
  bootId: 'boot-1',
  ...change,
});
const journal = (found: JournalEntry | undefined, { reported = true, id = OURS } = {}): Known => ({
  journalId: id,
  find: () => found,
  isReported: () => reported,
});
const acknowledged = (number: number) => ({ acknowledged: { slot: slot(number), addresses: [] } });
const local = (number: number) => ({ local: { slot: slot(number), addresses: [], generation: 1 } });
const boot = { firstOfBoot: 4 };

describe('a lease that the table has of this node', () => {
  test.each<[string, JournalEntry]>([
    ['is the acknowledged one', entry(acknowledged(7))],
    ['is one of several slots of the attachment', entry({ ...acknowledged(6), more: [slot(7)] })],
    ['may still be named by an answer that is waited for', entry({ proposal: slot(6) })],
    ['is the one with which the container lives', entry(local(7))],
  ])('stays where it %s', (_, found) => {
    expect(reasonToRelease(lease(), [journal(found)], boot)).toBeUndefined();
  });

  test('is released where its nonce is of this journal and has no entry', () => {
    expect(reasonToRelease(lease(), [journal(undefined)], boot)).toBe('unjournaled');
    expect(reasonToRelease(lease(), [journal(entry({ nonce: `${OURS}${'b'.repeat(16)}` }))], boot)).toBe('unjournaled');
  });

  test('is released where the container lives with another slot, and the service knows of that one', () => {
    expect(reasonToRelease(lease(), [journal(entry(acknowledged(6)))], boot)).toBe('elsewhere');
    expect(reasonToRelease(lease(), [journal(entry(local(6)))], boot)).toBe('elsewhere');
    expect(reasonToRelease(lease(), [journal(entry(local(6)), { reported: false })], boot)).toBeUndefined();
  });

  test('is released where it was leased before this boot', () => {
    const lost = lease({ nonce: nonceOf(OTHERS), incarnation: 3 });
    expect(reasonToRelease(lost, [journal(undefined)], boot)).toBe('of an earlier boot');
    expect(reasonToRelease(lost, [], boot)).toBe('of an earlier boot');
  });

  test('stays where its journal was lost in this boot, or where it is not known which life this boot began with', () => {
    const lost = lease({ nonce: nonceOf(OTHERS) });
    expect(reasonToRelease(lost, [journal(undefined)], boot)).toBeUndefined();
    expect(reasonToRelease(lease({ ...lost, incarnation: 1 }), [], { firstOfBoot: undefined })).toBeUndefined();
    expect(reasonToRelease(lease(), [{ ...journal(undefined), journalId: undefined }], boot)).toBeUndefined();
  });

  test('is looked for in the journal of each data directory before one of them gives it up', () => {
    const elsewhere = journal(undefined, { id: OTHERS });
    expect(reasonToRelease(lease(), [elsewhere, journal(entry(acknowledged(7)))], boot)).toBeUndefined();
  });

  test('is released where its runtime does not know the attachment, whatever the journal has', () => {
    const told = { ...boot, isValid: () => false };
    expect(reasonToRelease(lease(), [journal(entry(acknowledged(7)))], told)).toBe('unknown to the runtime');
  });

  test.each<[string, string | undefined, Partial<OwnLease>, JournalEntry | undefined]>([
    ['has', undefined, {}, entry(acknowledged(7))],
    ['has lost', 'unjournaled', {}, undefined],
    ['has under another nonce', 'unjournaled', {}, entry({ nonce: `${OURS}${'b'.repeat(16)}` })],
    ['has with another slot', 'elsewhere', {}, entry(acknowledged(6))],
    ['has not asked for', 'of an earlier boot', { nonce: nonceOf(OTHERS), incarnation: 3 }, undefined],
  ])('stays where its runtime knows the attachment, which the journal %s', (_, otherwise, change, found) => {
    expect(reasonToRelease(lease(change), [journal(found)], boot)).toBe(otherwise);
    expect(reasonToRelease(lease(change), [journal(found)], { ...boot, isValid: () => true })).toBeUndefined();
  });
});
