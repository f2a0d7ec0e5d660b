/** `lessorctl history address|pod|node`. */
import type { AddressHistory, LeaseHistory, PastLease } from '../../core/contract/history.ts';
import type { CommandOutcome } from '../print/outcome.ts';
import { type Part, tablePart, textPart } from '../print/view.ts';
import { command } from '../session/command.ts';
import type { Session } from '../session/session.ts';
import { bareAddress, pastColumns } from './lease-columns.ts';
import { readPod } from './pod-name.ts';
import { readTime } from './times.ts';
import { timeText } from './words.ts';

const between = {
  since: {
    kind: 'value',
    value: 'TIME',
    help: 'from then on: 2d (so long ago), or 2026-01-31T12:00:00Z (default: all that is kept)',
  },
  until: { kind: 'value', value: 'TIME', help: 'until then (default: now)' },
} as const;

interface Between {
  readonly since: string | undefined;
  readonly until: string | undefined;
}

const rangeOf = ({ since, until }: Between, now: number) => ({
  from: readTime('--since', since, now),
  to: readTime('--until', until, now),
});

const KEPT = 'It is kept for 30 days, or as long as the deployment says (`historyDays`).';

export const historyOfAddress = command({
  about: `Who had an address, one after the other. ${KEPT}`,
  arguments: { address: { help: 'an IPv4 or IPv6 address, without a prefix length' } },
  options: between,
  examples: [{ line: 'history address 10.1.0.5 --since 2d', does: 'Who had an address in the last two days' }],
  async run({ address, ...times }, { service, target, shell, progress }) {
    const range = rangeOf(times, shell.now());
    const [api, { vrf }] = [await service(), await target()];
    const leases: PastLease[] = [];
    const unknown: AddressHistory['unknown'] = [];
    let last: AddressHistory | undefined;
    for await (const page of api.pages('addressHistory', { query: { vrf, address, ...range } })) {
      leases.push(...page.leases);
      unknown.push(...page.unknown);
      progress.tell(`${leases.length} leases`);
      last = page;
    }
    const { nextCursor: _, ...about } = last ?? { address, vrf };
    return {
      document: { ...about, leases, unknown },
      names: leases.map(({ pod, node }) => (pod === undefined ? node : `${pod.namespace}/${pod.name}`)),
      view: (wide) => [
        ...pastParts(leases, wide, `Nobody had ${address} in that time, as far as it is known.`),
        ...unknown.map(unknownPart),
      ],
    };
  },
});

const unknownPart = ({ from, to }: AddressHistory['unknown'][number]): Part =>
  textPart(`Of the time from ${timeText(from)} to ${timeText(to)} it is not known whose the address was.`);

export const historyOfPod = command({
  about: `What the pods had that had this name. ${KEPT}`,
  arguments: { pod: { help: 'NAMESPACE/NAME, or NAMESPACE/ for all pods of it' } },
  options: between,
  examples: [{ line: 'history pod shop/web-1', does: 'Which addresses a pod had' }],
  run: ({ pod, ...times }, session) => {
    const all = /^([^/]+)\/$/.exec(pod)?.[1];
    return ofHolder(all === undefined ? readPod('pod', pod) : { namespace: all }, times, session);
  },
});

export const historyOfNode = command({
  about: `What a node had, in all its lives. ${KEPT}`,
  arguments: { node: { help: "the node's id", kind: 'node' } },
  options: between,
  examples: [{ line: 'history node i-0123456789abcdef0 --since 1h', does: 'What a node had in the last hour' }],
  run: ({ node, ...times }, session) => ofHolder({ node }, times, session),
});

type Holder = { readonly node: string } | { readonly namespace: string; readonly pod?: string };

async function ofHolder(holder: Holder, times: Between, session: Session): Promise<CommandOutcome> {
  const { service, target, shell, progress } = session;
  const range = rangeOf(times, shell.now());
  const [api, { vrf }] = [await service(), await target()];
  const leases: PastLease[] = [];
  let knownUntil: LeaseHistory['knownUntil'] = new Date(shell.now()).toISOString();
  for await (const page of api.pages('leaseHistory', { query: { vrf, ...holder, ...range } })) {
    leases.push(...page.leases);
    ({ knownUntil } = page);
    progress.tell(`${leases.length} leases`);
  }
  return {
    document: { leases, knownUntil },
    names: leases.flatMap(({ addresses }) => addresses.map(bareAddress)),
    view: (wide) => [
      ...pastParts(leases, wide, 'There was no lease in that time.'),
      textPart(`What ended after ${timeText(knownUntil)} may be missing.`),
    ],
  };
}

const pastParts = (leases: readonly PastLease[], wide: boolean, none: string): Part[] => [
  leases.length === 0 ? textPart(none) : tablePart(leases, pastColumns, wide),
];
