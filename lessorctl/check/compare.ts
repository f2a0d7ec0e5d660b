/** What does not fit together: the table of leases with itself, with the nodes, and with what Kubernetes has. */
import type { PoolView } from '../../core/contract/pool.ts';
import { type PlannedPrefix, readPrefix, spanOf } from '../plan/prefix.ts';
import { journalFindings } from './journals.ts';
import { bare, type LeaseOfPool, type Misfit, type State, YOUNG_MS } from './misfit.ts';

/** Agents say every 10 minutes that they are up. */
const SILENT_MS = 60 * 60_000;
const HEARD_MS = 15 * 60_000;

const podOf = ({ namespace, name }: { readonly namespace: string; readonly name: string }): string =>
  `${namespace}/${name}`;

export function findingsOf(state: State): Misfit[] {
  const seen = [...lost(state), ...leaks(state)];
  return [...doubles(state), ...seen, ...journalFindings(state, seen), ...deadNodes(state), ...orphanedBlocks(state)];
}

/** By address: in another VRF it is another one. */
function holders({ leases }: State, keyOf = (address: string, _: LeaseOfPool) => address): Map<string, LeaseOfPool[]> {
  const byAddress = new Map<string, LeaseOfPool[]>();
  for (const lease of leases)
    if (lease.state === 'held')
      for (const key of lease.addresses.map((address) => keyOf(bare(address), lease)))
        byAddress.set(key, [...(byAddress.get(key) ?? []), lease]);
  return byAddress;
}

const doubles = (state: State): Misfit[] =>
  [...holders(state, (address, { vrf }) => `${address} ${vrf}`)]
    .filter(([, leases]) => leases.length > 1)
    .map(([key, leases]) => ({
      kind: 'double',
      severity: 'critical',
      subject: key.split(' ')[0] ?? key,
      what: `it is held ${leases.length} times: ${leases.map((one) => `${one.pod ? podOf(one.pod) : one.attachment.containerId} on ${one.node}`).join(', ')}`,
      remedy: 'report it with lessorctl history address, and delete all but one of these pods',
    }));

/** Pods that run with an address of a pool that is not theirs. */
function lost(state: State): Misfit[] {
  const { kubernetes, pools, at } = state;
  if (kubernetes === undefined) return [];
  const byAddress = holders(state);
  const ours = pools.flatMap(({ ranges }) => ranges.flat().map(({ subnet }) => readPrefix('subnet', subnet)));
  return kubernetes.pods
    .filter(({ startedAt }) => at - startedAt > YOUNG_MS)
    .flatMap((pod) =>
      pod.addresses
        .filter((address) => ours.some((prefix) => covers(prefix, address)))
        .map((address) => ({ pod, address })),
    )
    .flatMap(({ pod, address }): Misfit[] => {
      const found = byAddress.get(address) ?? [];
      const holder = found.find((one) => one.pod !== undefined && podOf(one.pod) === podOf(pod)) ?? found[0];
      // Some runtimes name no pod: then there is nothing to compare.
      if (holder !== undefined && (holder.pod === undefined || podOf(holder.pod) === podOf(pod))) return [];
      const whose = holder?.pod === undefined ? 'nobody holds it' : `${podOf(holder.pod)} on ${holder.node} holds it`;
      return [
        {
          kind: 'lost',
          severity: 'critical',
          subject: address,
          what: `pod ${podOf(pod)} runs with it, and ${whose}`,
          remedy: `kubectl delete pod --namespace ${pod.namespace} ${pod.name}: it gets another address`,
        },
      ];
    });
}

const covers = (prefix: PlannedPrefix, address: string): boolean => {
  const bits = address.includes(':') ? 128 : 32;
  if (bits !== prefix.bits) return false;
  const { first } = readPrefix('address', `${address}/${bits}`);
  const span = spanOf(prefix);
  return span.first <= first && first <= span.last;
};

/** Held for pods that Kubernetes does not have, on nodes that it has: of other clusters' nodes it knows nothing. */
function leaks({ kubernetes, leases, nodes, at }: State): Misfit[] {
  if (kubernetes === undefined) return [];
  // One that has ended may be about to be released.
  const there = new Set(kubernetes.podNames);
  const here = new Set(kubernetes.nodeNames);
  const ofCluster = new Set(nodes.filter(({ name }) => name !== undefined && here.has(name)).map(({ node }) => node));
  return leases.flatMap(({ state, pod, node, heldAt, addresses }): Misfit[] => {
    const isOld = at - Date.parse(heldAt) > YOUNG_MS;
    if (state !== 'held' || pod === undefined || !isOld || !ofCluster.has(node) || there.has(podOf(pod))) return [];
    return [
      {
        kind: 'leak',
        severity: 'warning',
        subject: addresses.map(bare).join(','),
        what: `it is held for pod ${podOf(pod)} on ${node}, which Kubernetes does not have`,
        remedy: `run lessor reconcile on ${node}; if that node is gone, declare it dead`,
        fix: { kind: 'reconcile', node },
      },
    ];
  });
}

function deadNodes({ nodes, kubernetes, at }: State): Misfit[] {
  const here = new Set(kubernetes?.nodeNames);
  const named = nodes.filter(({ name }) => name !== undefined);
  const clusters = new Set(named.filter(({ name = '' }) => here.has(name)).map(({ cluster }) => cluster));
  // Nodes of several Kubernetes may be of one cluster, or of none: what runs and is not here, another one has.
  const runsElsewhere = ({ name = '', alive, heartbeatAt = '' }: (typeof nodes)[number]) =>
    alive && !here.has(name) && at - Date.parse(heartbeatAt) < HEARD_MS;
  const shared = new Set(named.filter(runsElsewhere).map(({ cluster }) => cluster));
  return nodes.flatMap(({ node, name, alive, heartbeatAt, lifeAt, cluster }): Misfit[] => {
    if (!alive || at - Date.parse(heartbeatAt ?? lifeAt) < SILENT_MS) return [];
    // Where clusters share names of nodes, it is not known which one was asked: another one's node may only be cut off, and its pods live.
    const isOurs = kubernetes !== undefined && clusters.size === 1 && clusters.has(cluster) && !shared.has(cluster);
    const isGone = isOurs && name !== undefined && !here.has(name);
    const since = `it was not heard of since ${(heartbeatAt ?? lifeAt).replace(/\.\d+/, '')}`;
    return [
      isGone
        ? {
            kind: 'dead-node',
            severity: 'warning',
            subject: node,
            what: `${since}, and Kubernetes has no node ${name}: what it had is still kept for it`,
            remedy: `make certain that nothing of it runs, then lessorctl node declare-dead ${node} --reason ...`,
            fix: { kind: 'declare-dead', node, reason: `lessorctl check: ${since}, and Kubernetes has no such node` },
          }
        : {
            kind: 'silent-node',
            severity: 'warning',
            subject: node,
            what: since,
            remedy: 'see whether its agent runs, and reaches the API',
          },
    ];
  });
}

function orphanedBlocks({ blocks, nodes }: State): Misfit[] {
  const living = new Set(nodes.filter(({ alive }) => alive).map(({ node }) => node));
  const known = new Set(nodes.map(({ node }) => node));
  return blocks.flatMap(({ pool, block, state, node }): Misfit[] => {
    if (state !== 'claimed' || node === undefined || living.has(node)) return [];
    return [
      {
        kind: 'orphaned-block',
        severity: 'warning',
        subject: `${pool}/${block}`,
        what: `it belongs to ${node}, which is not among the living nodes`,
        // Its life may have begun in an earlier version, which listed no node: nothing says that it is over.
        remedy: known.has(node)
          ? `see lessorctl deaths --node ${node}: a dead node's blocks are taken back within minutes, and looked for again`
          : `make certain that nothing of it runs, then lessorctl node declare-dead ${node} --reason ...`,
      },
    ];
  });
}

/** Pools that share addresses with what is used otherwise. */
export const overlaps = (
  pools: readonly PoolView[],
  cidrs: readonly PlannedPrefix[],
  texts: readonly string[],
): Misfit[] =>
  pools.flatMap(({ name, ranges }) =>
    ranges.flat().flatMap(({ subnet }) =>
      cidrs.flatMap((cidr, index): Misfit[] => {
        const [own, other] = [readPrefix('subnet', subnet), cidr];
        const [a, b] = [spanOf(own), spanOf(other)];
        if (own.bits !== other.bits || a.last < b.first || b.last < a.first) return [];
        return [
          {
            kind: 'overlap',
            severity: 'warning',
            subject: name,
            what: `its subnet ${subnet} overlaps ${texts[index]}`,
            remedy: 'exclude those addresses (lessorctl pool set --exclude), or drain the pool and make another one',
          },
        ];
      }),
    ),
  );
