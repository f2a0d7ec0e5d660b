/** `lessor status`. */
import { outcomeOf } from '../api/call-outcome.ts';
import { CONDITION } from '../kubernetes/node-object.ts';
import { type FailedCall, failedCalls } from '../log/failed-calls.ts';
import { loadNodeConfiguration, logFileOf, type NodeConfiguration } from '../machine/node-configuration.ts';
import { version } from '../machine/version.ts';
import { wasDeclaredDead } from '../node/declared-dead.ts';
import { recordsIn } from '../sync/data-directories.ts';
import { accessJournals, type NodeAccess } from '../sync/node-access.ts';
import { command } from './command.ts';
import { type JournalStatus, type NodeStatus, nodeStatus } from './node-status.ts';
import { jsonOption, nodeOptions } from './options.ts';
import { shortId, table } from './table.ts';

const FAILURES_SHOWN = 5;

export const status = command({
  about: `Reads this node's files and sends nothing, unless --check is given.`,
  options: {
    ...nodeOptions,
    ...jsonOption,
    check: { kind: 'flag', help: 'ask the API once: the exit code is that of what goes wrong' },
  },
  async run({ config, 'data-dir': dataDirs, json, check }, { surroundings, terminal }) {
    const access = accessJournals(surroundings, { config, dataDirs });
    const named = config === undefined ? {} : { config };
    const logFile = logFileOf(named, surroundings);
    const shown: Shown = {
      version,
      labels: loadNodeConfiguration(named, surroundings).labels,
      ...nodeStatus(access),
      ...(check ? { check: await ask(access) } : {}),
      logFile,
      failures: logFile === undefined ? [] : failedCalls(surroundings.files, logFile, FAILURES_SHOWN),
    };
    terminal.print(json ? `${JSON.stringify(shown, undefined, 2)}\n` : inWords(shown));
    return shown.check?.exitCode ?? 0;
  },
});

type Attachment = JournalStatus['attachments'][number];

interface Check {
  readonly exitCode: number;
  readonly ms: number;
  /** Absent where it was not answered. */
  readonly declaredDead?: boolean;
  readonly code?: string;
  readonly error?: string;
}

interface Shown extends NodeStatus {
  readonly version: string;
  /** The node says them with every ADD. */
  readonly labels: NodeConfiguration['labels'];
  readonly check?: Check;
  readonly logFile: string | undefined;
  readonly failures: readonly FailedCall[];
}

async function ask(access: NodeAccess): Promise<Check> {
  const { api, bootId, surroundings } = access;
  const { now } = surroundings;
  const begun = now();
  const outcome = await outcomeOf(api.brief.heartbeat({ boot: bootId }));
  const ms = now() - begun;
  if (outcome.kind === 'granted')
    return { exitCode: 0, ms, declaredDead: wasDeclaredDead(outcome.answer, recordsIn(access)) };
  const { kind, code, message } = outcome.error;
  return { exitCode: kind.exit, ms, code, error: message };
}

function inWords(shown: Shown): string {
  const { endpoint, boot, journals, outage, check, failures, labels, logFile } = shown;
  const labelTexts = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
  const about = table([
    ['API', endpoint],
    ['', outage === undefined ? 'no outage is known' : `not reached since ${time(outage.since)}: ${outage.why}`],
    ...(check === undefined ? [] : [['Check', checkInWords(check)]]),
    ...nodes(shown),
    ...kubernetesInWords(shown),
    ...(labelTexts.length === 0 ? [] : [['Labels', labelTexts.join(', ')]]),
    ['Boot', boot],
    ['Log', logFile ?? 'none'],
  ]);
  const overview = journals
    .filter(({ journal }) => journal !== undefined)
    .map(({ path, attachments, blocks, toReport, toRelease }) =>
      [path, attachments.length, blocks.length, toReport, toRelease].map(String),
    );
  const attachments = journals.flatMap(({ attachments: all }) =>
    all.map(({ network, containerId, ifname, pod, addresses, ...one }) => [
      network,
      shortId(containerId),
      ifname,
      pod ?? '-',
      addresses.join(', ') || '-',
      stateInWords(one),
    ]),
  );
  const blocks = journals.flatMap(({ blocks: all }) =>
    all.map(({ pool, block, generation }) => [pool, block, String(generation)]),
  );
  const lately = failures.map((call) => [
    call.time,
    call.verb,
    shortId(call.container ?? '-'),
    String(call.code),
    call.msg,
  ]);
  return `${[
    about,
    overview.length === 0
      ? 'There is no journal yet.'
      : table([['JOURNAL', 'ATTACHMENTS', 'BLOCKS', 'TO REPORT', 'TO RELEASE'], ...overview]),
    ...titled(['NETWORK', 'CONTAINER', 'INTERFACE', 'POD', 'ADDRESSES', 'STATE'], attachments),
    ...titled(['POOL', 'BLOCK', 'GENERATION'], blocks),
    ...titled(['FAILED AT', 'VERB', 'CONTAINER', 'CODE', 'MESSAGE'], lately),
  ].join('\n\n')}\n`;
}

function nodes({ journals }: Shown): string[][] {
  const names = [...new Set(journals.flatMap(({ node }) => node ?? []))];
  const living = journals.reduce((sum, { ofDeadLife }) => sum + ofDeadLife, 0);
  const warning = `declared dead although it runs; containers that live with addresses which others may get: ${living}`;
  return [
    ['Node', names.join(', ') || 'not known yet'],
    ...(living === 0 ? [] : [['', `${warning}: drain it and start it again`]]),
    ...(journals.some(({ leaving }) => leaving) ? [['', 'is leaving: no container begins here (lessor leave)']] : []),
    ...journals.flatMap(({ toReport, toRelease, behindSince }) =>
      behindSince === undefined
        ? []
        : [
            [
              '',
              `of ${toReport + toRelease} the service is still to be told, of the oldest since ${time(behindSince)}`,
            ],
          ],
    ),
    ...journals.flatMap(({ lost }) =>
      lost === undefined
        ? []
        : [['', `the journal was damaged at ${time(lost.at)} and put aside: ${lost.aside.join(', ')}`]],
    ),
  ];
}

function kubernetesInWords({ kubernetes }: Shown): string[][] {
  if (kubernetes === undefined) return [];
  const { node, condition, tainted, events, trouble } = kubernetes;
  const has = tainted ? 'has the taint that keeps pods away' : 'has no taint of Lessor';
  return [
    ['Kubernetes', `${node} ${has}; events ${events.sent} sent, ${events.dropped} left out`],
    ...(condition === undefined
      ? []
      : [['', `${CONDITION} ${condition.status}, ${condition.reason}: ${condition.message}`]]),
    ...(trouble === undefined ? [] : [['', `it does not take what this node says: ${trouble}`]]),
  ];
}

const ENDED = {
  reboot: 'ended with an earlier boot, to be released',
  namespace: 'its network namespace is gone, to be released',
} as const;

function stateInWords({ state, refused, ended }: Pick<Attachment, 'state' | 'refused' | 'ended'>): string {
  if (ended !== undefined) return ENDED[ended];
  if (refused !== undefined) return `refused (${refused.code}) at ${time(refused.at)}`;
  return state === 'lost' ? 'lost: its address may be given to another one' : state;
}

const titled = (head: readonly string[], rows: readonly (readonly string[])[]): string[] =>
  rows.length === 0 ? [] : [table([head, ...rows])];

const time = (milliseconds: number): string => new Date(milliseconds).toISOString();

function checkInWords({ ms, error, declaredDead }: Check): string {
  if (error !== undefined) return `failed after ${ms} ms: ${error}`;
  const dead = ', and this node was declared dead although it runs: drain it and start it again';
  return `answered within ${ms} ms${declaredDead ? dead : ''}`;
}
