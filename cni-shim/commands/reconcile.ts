/** `lessor reconcile`. */
import type { Attachment } from '../../core/contract/ids.ts';
import type { OwnLease } from '../../core/contract/nodes.ts';
import type { LessorError } from '../../core/contract/problems.ts';
import { addressesOf, type JournalEntry } from '../node/journal-entry.ts';
import type { NodeRecords } from '../node/node-records.ts';
import { recordsIn } from '../sync/data-directories.ts';
import { type DeadSandbox, findDeadSandboxes, type Gone, retireDead } from '../sync/dead-sandboxes.ts';
import { flushAll } from '../sync/flush.ts';
import { accessJournals, type NodeAccess } from '../sync/node-access.ts';
import { reconcile } from '../sync/reconcile.ts';
import { command } from './command.ts';
import { jsonOption, nodeOptions, secondsOf } from './options.ts';
import { shortId, table } from './table.ts';

export const reconcileOnce = command({
  about: `Does once what the agent does all the time, for nodes without it (from cron): frees what ended without a DEL, tells
the service what happened while it could not be reached, and releases leases that the service's table has of this node and
that nothing here accounts for. The table is read first and the journal second, so it may run while containers start.`,
  options: {
    ...nodeOptions,
    ...jsonOption,
    grace: {
      kind: 'value',
      value: 'SECONDS',
      default: '30',
      help: 'looks again after so long before it takes a container for gone whose network namespace is',
    },
    'dry-run': { kind: 'flag', help: 'release and tell nothing: show what would be, and why' },
  },
  async run({ config, 'data-dir': dataDirs, json, grace, 'dry-run': dryRun }, { surroundings, terminal }) {
    const access = accessJournals(surroundings, { config, dataDirs });
    const networks = recordsIn(access);
    const done = dryRun ? await wouldDo(access, networks) : await doIt(access, networks, secondsOf('grace', grace));
    terminal.print(json ? `${JSON.stringify(inJson(done, dryRun), undefined, 2)}\n` : inWords(done, dryRun));
    return done.failures[0]?.error.kind.exit ?? 0;
  },
});

interface Failure {
  readonly attachment: Attachment;
  readonly error: LessorError;
}

interface Done {
  readonly ended: readonly DeadSandbox[];
  readonly reported: number;
  readonly releasedLater: number;
  /** What the table has of this node. */
  readonly leases: number;
  readonly released: readonly { readonly lease: OwnLease; readonly reason: string }[];
  /** Of containers that live here: the table does not have them any more. */
  readonly lost: readonly JournalEntry[];
  /** Of containers that live here: the table has them again. */
  readonly heldAgain: readonly JournalEntry[];
  readonly failures: readonly Failure[];
}

async function doIt(access: NodeAccess, networks: readonly NodeRecords[], graceMs: number): Promise<Done> {
  const ended = await retireSeenTwice(access, networks, graceMs);
  const { reported, released: releasedLater, failures } = await flushAll(access, networks, access.api);
  const compared = await reconcile({ api: access.api, bootId: access.bootId, candidates: networks });
  return {
    ended,
    reported,
    releasedLater,
    ...compared,
    failures: [
      ...failures.map(({ entry: { attachment }, error }) => ({ attachment, error })),
      ...compared.unsure.map(({ entry: { attachment }, error }) => ({ attachment, error })),
      ...compared.failures.map(({ lease: { attachment }, error }) => ({ attachment, error })),
    ],
  };
}

/** Seen to be gone twice, `graceMs` apart: a DEL that is about to come says it better. */
async function retireSeenTwice(
  access: NodeAccess,
  networks: readonly NodeRecords[],
  graceMs: number,
): Promise<DeadSandbox[]> {
  const look = (records: NodeRecords, before: Gone) => {
    const { dead, gone } = findDeadSandboxes(access, records, before, graceMs);
    return { records, gone, ended: retireDead(records, dead) };
  };
  const first = networks.map((records) => look(records, new Map()));
  const ended = first.flatMap((one) => one.ended);
  if (graceMs === 0 || first.every(({ gone }) => gone.size === 0)) return ended;
  await access.surroundings.sleep(graceMs);
  return [...ended, ...first.flatMap(({ records, gone }) => look(records, gone).ended)];
}

/** The same reads; the service is told nothing, and the journal stays. */
async function wouldDo(access: NodeAccess, networks: readonly NodeRecords[]): Promise<Done> {
  const ended = networks.flatMap((records) => findDeadSandboxes(access, records, new Map(), 0).dead);
  const { api, bootId } = access;
  const { leases, released, lost } = await reconcile({ api, bootId, candidates: networks, dryRun: true });
  return {
    ended,
    reported: networks.reduce((sum, { outbox }) => sum + outbox.toReport().length, 0),
    releasedLater: networks.reduce((sum, { outbox }) => sum + outbox.toRelease().length, 0),
    leases,
    released,
    lost,
    heldAgain: [],
    failures: [],
  };
}

const inJson = (
  { ended, released, lost, heldAgain, failures, leases, reported, releasedLater }: Done,
  dryRun: boolean,
) => ({
  dryRun,
  ...{ reported, releasedLater, leases },
  heldAgain: heldAgain.map(({ attachment }) => ({ attachment })),
  ended: ended.map(({ entry: { attachment, pod }, why }) => ({ attachment, pod, why })),
  released: released.map(({ lease: { slot, attachment, pod }, reason }) => ({ slot, attachment, pod, reason })),
  lost: lost.map((entry) => ({ attachment: entry.attachment, pod: entry.pod, addresses: addressesOf(entry) })),
  failures: failures.map(({ attachment, error }) => ({ attachment, code: error.code, message: error.message })),
});

const WHY = { reboot: 'ended with an earlier boot', namespace: 'its network namespace is gone' } as const;

function inWords(
  { ended, reported, releasedLater, leases, released, lost, heldAgain, failures }: Done,
  dryRun: boolean,
): string {
  const rows = [
    ...ended.map(({ entry: { attachment }, why }) => [...cellsOf(attachment), WHY[why]]),
    ...released.map(({ lease: { attachment }, reason }) => [...cellsOf(attachment), reason]),
  ];
  const living = lost.map((entry) => [...cellsOf(entry.attachment), addressesOf(entry).join(', ')]);
  const failed = failures.map(({ attachment, error }) => [...cellsOf(attachment), error.message]);
  return `${[
    table([
      ['Leases of this node in the table', String(leases)],
      [`Reports ${dryRun ? 'to be made' : 'made'}`, String(reported)],
      ...(heldAgain.length === 0 ? [] : [['Leases of living containers, held again', String(heldAgain.length)]]),
      [`Releases ${dryRun ? 'to be made' : 'made'} afterwards`, String(releasedLater)],
    ]),
    rows.length === 0
      ? `No lease ${dryRun ? 'would be released' : 'was without a reason'}.`
      : table([['NETWORK', 'CONTAINER', 'INTERFACE', dryRun ? 'WOULD BE RELEASED SINCE' : 'RELEASED SINCE'], ...rows]),
    ...(living.length === 0
      ? []
      : [
          table([
            ['NETWORK', 'CONTAINER', 'INTERFACE', 'LIVES WITH WHAT THE SERVICE MAY GIVE TO ANOTHER ONE'],
            ...living,
          ]),
        ]),
    ...(failed.length === 0 ? [] : [table([['NETWORK', 'CONTAINER', 'INTERFACE', 'FAILED'], ...failed])]),
  ].join('\n\n')}\n`;
}

const cellsOf = ({ network, containerId, ifname }: Attachment): string[] => [network, shortId(containerId), ifname];
