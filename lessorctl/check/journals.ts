/** What nodes say of their journals, against what the table has of them. Both change all the time: only what cannot be under way is said. */
import type { JournalView } from '../../core/contract/heartbeat.ts';
import type { ListedNodeView } from '../../core/contract/nodes.ts';
import type { Misfit, State } from './misfit.ts';
import { bare, YOUNG_MS } from './misfit.ts';

/** Agents say it every 10 minutes: what is older says nothing of now. */
const SAID_MS = 15 * 60_000;
/** Between the count and the service's note of it, and by how much two clocks of AWS may differ. */
const MARGIN_MS = 60_000;

interface Said {
  readonly node: string;
  readonly at: number;
  readonly journal: JournalView;
}

const saidLately = ({ nodes, at: now }: State): Said[] =>
  nodes.flatMap(({ node, alive, journal }: ListedNodeView) => {
    if (!alive || journal === undefined) return [];
    const at = Date.parse(journal.at);
    return now - at > SAID_MS ? [] : [{ node, at, journal }];
  });

/** @param seen what was found before, of which nothing is said again */
export const journalFindings = (state: State, seen: readonly Misfit[]): Misfit[] =>
  saidLately(state).flatMap((said) => [
    ...lostBy(said, seen),
    ...lateOutbox(said),
    ...(state.isWhole ? unaccounted(state, said, seen) : []),
  ]);

function lostBy({ node, journal: { lost, lostLeases } }: Said, seen: readonly Misfit[]): Misfit[] {
  const known = new Set(seen.filter(({ kind }) => kind === 'lost').map(({ subject }) => subject));
  const named = lostLeases.filter(({ addresses }) => !addresses.some((address) => known.has(bare(address))));
  const found = named.map(({ addresses, containerId, pod }): Misfit => {
    const [namespace, name] = pod?.split('/') ?? [];
    const whose = pod === undefined ? `container ${containerId}` : `pod ${pod}`;
    return {
      kind: 'lost',
      severity: 'critical',
      subject: addresses.map(bare).join(',') || containerId,
      what: `${whose} runs with it on ${node}, as that node says, and another one may have it`,
      remedy:
        pod === undefined
          ? `delete that container on ${node}`
          : `kubectl delete pod --namespace ${namespace} ${name}: it gets another address`,
    };
  });
  const more = lost - lostLeases.length;
  if (more <= 0) return found;
  const what = `${more} more of its containers run with addresses that others may have`;
  return [
    ...found,
    {
      kind: 'lost',
      severity: 'critical',
      subject: node,
      what,
      remedy: `drain ${node}; lessor status lists them there`,
    },
  ];
}

function lateOutbox({ node, journal: { outbox, outboxOldestSeconds = 0 } }: Said): Misfit[] {
  if (outboxOldestSeconds * 1000 < YOUNG_MS) return [];
  const minutes = Math.floor(outboxOldestSeconds / 60);
  return [
    {
      kind: 'late-outbox',
      severity: 'warning',
      subject: node,
      what: `${outbox} of its reports and releases wait to be told, the oldest for ${minutes} minutes`,
      remedy: 'see why in the log of its agent: the service refuses them, or is not reached from there',
      fix: { kind: 'reconcile', node },
    },
  ];
}

/** What the table has since before the node said what it may have at most. */
function unaccounted(state: State, { node, at, journal }: Said, seen: readonly Misfit[]): Misfit[] {
  const before = heldOf(state, node).filter(({ heldAt }) => Date.parse(heldAt) < at - MARGIN_MS).length;
  const known = seen.filter(({ kind, fix }) => kind === 'leak' && fix?.node === node).length;
  const more = before - journal.mayHold - known;
  if (more <= 0) return [];
  return [
    {
      kind: 'leak',
      severity: 'warning',
      subject: node,
      what: `${before} leases are held for it since before it said that it accounts for ${journal.mayHold}`,
      remedy: `run lessor reconcile on ${node}; if it has several data directories, name each to its agent (--data-dir)`,
      fix: { kind: 'reconcile', node },
    },
  ];
}

const heldOf = ({ leases }: State, node: string) => leases.filter((one) => one.state === 'held' && one.node === node);

/** A node that has more leases than the table: unless so many ended since. */
export interface Unheld {
  readonly node: string;
  readonly missing: number;
  /** Milliseconds since 1970: what ended since may be what is missing. */
  readonly since: number;
}

export const unheldBy = (state: State): Unheld[] =>
  state.isWhole
    ? saidLately(state).flatMap(({ node, at, journal }) => {
        const missing = journal.held - heldOf(state, node).length;
        return missing > 0 ? [{ node, missing, since: at - MARGIN_MS }] : [];
      })
    : [];

export const unknownLeases = ({ node, missing }: Unheld): Misfit => ({
  kind: 'unknown',
  severity: 'critical',
  subject: node,
  what: `it lives with ${missing} more leases than the table has of it: their addresses may be given to others`,
  remedy: `run lessor reconcile on ${node}: what nobody else has is held again`,
  fix: { kind: 'reconcile', node },
});
