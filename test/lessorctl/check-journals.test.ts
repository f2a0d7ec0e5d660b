/** What `check` makes of what nodes say of their journals. What may be under way is no finding. */
import { describe, expect, it } from 'vitest';
import type { JournalView } from '../../core/contract/heartbeat.ts';
import { journalFindings, unheldBy } from '../../lessorctl/check/journals.ts';
import type { LeaseOfPool, Misfit, State } from '../../lessorctl/check/misfit.ts';

const at = Date.parse('2026-01-31T12:00:00Z');
const ago = (minutes: number) => new Date(at - minutes * 60_000).toISOString();

const lease = (slot: number, minutes: number, more: Partial<LeaseOfPool> = {}): LeaseOfPool => ({
  pool: 'blue',
  vrf: 'default',
  state: 'held',
  addresses: [`10.1.0.${slot}/24`],
  slot: { pool: '0123456789abcdef', block: '0', slot },
  node: 'i-1',
  incarnation: 1,
  attachment: { network: 'pods', containerId: `c${slot}`, ifname: 'eth0' },
  heldAt: ago(minutes),
  ...more,
});
const said = (more: Partial<JournalView> = {}): JournalView => ({
  at: ago(5),
  ...{ attachments: 2, held: 2, mayHold: 2, local: 0, outbox: 0, lost: 0, lostLeases: [], blocks: 1 },
  ...more,
});
const two = [lease(1, 60), lease(2, 60)];

function state(
  journal: JournalView | undefined,
  leases: readonly LeaseOfPool[] = two,
  more: Partial<State> = {},
): State {
  const node = { node: 'i-1', name: 'one', alive: true, incarnation: 1, lifeAt: ago(600), heartbeatAt: ago(5) };
  const nodes = [{ ...node, ...(journal && { journal }) }];
  return { at, pools: [], nodes, leases, blocks: [], isWhole: true, ...more };
}
const found = (one: State, seen: readonly Misfit[] = []) =>
  journalFindings(one, seen).map(({ kind, severity, subject, fix }) => [kind, severity, subject, fix?.kind]);

describe('of what a node says of its journal', () => {
  it('nothing is found where it fits, where nothing is said, and where it was said too long ago', () => {
    const bad = said({ mayHold: 0, held: 9, lost: 3, outbox: 1, outboxOldestSeconds: 9_999 });
    const dead = state(bad);
    for (const one of [
      state(said()),
      state(undefined),
      state({ ...bad, at: ago(16) }),
      { ...dead, nodes: dead.nodes.map((node) => ({ ...node, alive: false })) },
    ])
      expect([found(one), unheldBy(one)]).toEqual([[], []]);
  });

  it('leases that are lost are critical, each with its pod, and never mended; what is seen already is not said twice', () => {
    const lostLeases = [
      { addresses: ['10.1.0.1/24'], containerId: 'c1', pod: 'shop/web' },
      { addresses: [], containerId: 'c2' },
    ];
    const one = state(said({ lost: 5, lostLeases }));
    expect(found(one)).toEqual([
      ['lost', 'critical', '10.1.0.1', undefined],
      ['lost', 'critical', 'c2', undefined],
      ['lost', 'critical', 'i-1', undefined],
    ]);
    expect(journalFindings(one, [])[0]?.remedy).toBe(
      'kubectl delete pod --namespace shop web: it gets another address',
    );
    const seen = journalFindings(one, []).slice(0, 1);
    expect(found(one, seen)).toHaveLength(2);
  });

  it('an outbox is late where the oldest of it waits for longer than a pool lets it', () => {
    expect(found(state(said({ outbox: 3, outboxOldestSeconds: 599 })))).toEqual([]);
    expect(found(state(said({ outbox: 3, outboxOldestSeconds: 600 })))).toEqual([
      ['late-outbox', 'warning', 'i-1', 'reconcile'],
    ]);
  });

  it('leases leak that are held since before it said that it may have fewer', () => {
    const three = [...two, lease(3, 60)];
    expect(found(state(said(), three))).toEqual([['leak', 'warning', 'i-1', 'reconcile']]);
    // What it leased since, or just then, what it released, what others have, and what the pods have shown already.
    for (const other of [
      [...two, lease(3, 4)],
      [...two, lease(3, 5.5)],
      [...two, lease(3, 60, { state: 'cooling' })],
      [...two, lease(3, 60, { node: 'i-2' })],
    ])
      expect(found(state(said(), other))).toEqual([]);
    expect(found(state(said({ mayHold: 3 }), three))).toEqual([]);
    const leak: Misfit = {
      ...{ kind: 'leak', severity: 'warning', subject: '10.1.0.3', what: '', remedy: '' },
      fix: { kind: 'reconcile', node: 'i-1' },
    };
    expect(found(state(said(), three), [leak])).toEqual([]);
  });

  it('leases may be unknown to the table where it has fewer than it gave', () => {
    expect(unheldBy(state(said(), two.slice(1)))).toEqual([{ node: 'i-1', missing: 1, since: at - 6 * 60_000 }]);
    expect(unheldBy(state(said({ held: 1 }), two.slice(1)))).toEqual([]);
  });

  it('counts are compared only where all VRFs were looked at', () => {
    const one = state(said({ mayHold: 0, held: 9 }), two, { isWhole: false });
    expect([found(one), unheldBy(one)]).toEqual([[], []]);
  });
});
