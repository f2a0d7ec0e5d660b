/** What happened on this node of which a person should hear where people of Kubernetes look: on the pod, and on the node. */
import type { About, Happening } from '../kubernetes/event-object.ts';
import type { FailedCall } from '../log/failed-calls.ts';
import { leasesOfDeadLife } from '../node/declared-dead.ts';
import { addressesOf, type JournalEntry } from '../node/journal-entry.ts';
import type { NodeRecords } from '../node/node-records.ts';

export interface HappeningSources {
  readonly networks: readonly NodeRecords[];
  /** Looks at what failed since the look before: the plugin writes it down, and asks the Kubernetes API for nothing. */
  readonly failures: readonly (() => readonly FailedCall[])[];
  readonly now: () => number;
}

/** What stays so is said again after so long: the API forgets events after an hour. */
const SAID_AGAIN_MS = 10 * 60_000;
/** A journal that was put aside before is no news. */
const NEWS_MS = 60 * 60_000;

/** @param node about which is said what is no pod's @returns a look. @throws LessorError `node.storage` */
export function happeningsOf({ networks, failures, now }: HappeningSources): (node: About) => Happening[] {
  const said = new Map<string, number>();
  return (node) => {
    const at = now();
    const refused = failures.flatMap((look) => look().flatMap((call) => refusalOf(call) ?? []));
    const standing = networks.flatMap((records) => [...lostIn(records, node, at), ...ofNode(records, node, at)]);
    const keys = new Set(standing.map(([key]) => key));
    for (const key of said.keys()) if (!keys.has(key)) said.delete(key);
    const due = standing.filter(([key]) => {
      const before = said.get(key);
      return before === undefined || Math.abs(at - before) >= SAID_AGAIN_MS;
    });
    for (const [key] of due) said.set(key, at);
    return [...refused, ...due.map(([, happening]) => happening)];
  };
}

function refusalOf({ verb, pod, network, problem, code, msg, time }: FailedCall): Happening | undefined {
  if (verb !== 'ADD' || pod === undefined) return undefined;
  const at = Date.parse(time);
  const which = problem ?? `CNI code ${code}`;
  return {
    about: { kind: 'Pod', ...pod },
    type: 'Warning',
    reason: 'AddressRefused',
    message: `${which}: ${msg.replace(/^lessor: /, '')}${network === undefined ? '' : ` (network ${network})`}`,
    which: `${network} ${which}`,
    at: Number.isFinite(at) ? at : 0,
  };
}

/** Something that is so until somebody acts, under a name of its own. */
type Standing = readonly [key: string, happening: Happening];

function lostIn({ journal }: NodeRecords, node: About, at: number): Standing[] {
  const lost = journal.entries().filter((entry) => entry.lost === true);
  if (lost.length === 0) return [];
  const nodeKey = `lost ${lost
    .map(({ nonce }) => nonce)
    .sort()
    .join(' ')}`;
  const count = `${lost.length} ${lost.length === 1 ? 'container lives' : 'containers live'}`;
  const message = `${count} with addresses that the service may give to others: ${lost.slice(0, SHOWN).map(shown).join(', ')}: delete ${lost.length === 1 ? 'it' : 'them'}; lessor status on this node lists them`;
  return [
    [nodeKey, { about: node, type: 'Warning', reason: 'LeasesLost', message, at }],
    ...lost.flatMap((entry): Standing[] => {
      const { pod, nonce } = entry;
      if (pod === undefined) return [];
      const its = `lease.lost: its address ${addressesOf(entry).join(', ')} may be given to another pod: delete the pod`;
      return [
        [
          `lost ${nonce} itself`,
          { about: { kind: 'Pod', ...pod }, type: 'Warning', reason: 'AddressLost', message: its, which: nonce, at },
        ],
      ];
    }),
  ];
}

const SHOWN = 8;
const shown = (entry: JournalEntry): string => {
  const { pod, attachment } = entry;
  const who = pod === undefined ? attachment.containerId.slice(0, 13) : `${pod.namespace}/${pod.name}`;
  return `${who} (${addressesOf(entry).join(', ')})`;
};

function ofNode(records: NodeRecords, node: About, at: number): Standing[] {
  const { lost, bootId, path } = records;
  const standing: Standing[] = [];
  const dead = leasesOfDeadLife(records);
  if (dead > 0)
    standing.push([
      `declared dead ${path}`,
      {
        about: node,
        type: 'Warning',
        reason: 'DeclaredDead',
        message: `this node was declared dead although it runs, and ${dead} ${dead === 1 ? 'container lives' : 'containers live'} with addresses that others may get: drain it and start it again`,
        at,
      },
    ]);
  if (lost?.boot === bootId && Math.abs(at - lost.at) < NEWS_MS)
    standing.push([
      `put aside ${path} ${lost.at}`,
      {
        about: node,
        type: 'Warning',
        reason: 'JournalPutAside',
        message: `the journal was damaged and put aside (${lost.aside.join(', ')}): addresses of this boot stay held until the machine starts again`,
        at,
      },
    ]);
  return standing;
}
