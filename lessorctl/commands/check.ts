/** `lessorctl check`. */
import { findingsOf, overlaps } from '../check/compare.ts';
import type { Misfit, State } from '../check/misfit.ts';
import { clusterOfKubernetes } from '../kubernetes/kubectl.ts';
import { readPrefix } from '../plan/prefix.ts';
import type { Part } from '../print/view.ts';
import { tablePart, textPart } from '../print/view.ts';
import { command } from '../session/command.ts';
import type { Session } from '../session/session.ts';
import { wrong } from '../settings/wrong.ts';
import { freeingOptions } from './change.ts';
import { type Mended, mended } from './check-fix.ts';
import { stateOf, stillSo, vrfsLookedAt } from './check-state.ts';
import { readList } from './policy-options.ts';
import { readSpan } from './times.ts';
import { vrfOptions } from './vrfs.ts';
import { counted } from './words.ts';

/** As monitoring has them. */
const EXIT = { warning: 1, critical: 2 } as const;

export const check = command({
  about: `Compares the table of leases with itself, with the nodes and what they say of their journals, with the counters, and with the
pods and nodes of Kubernetes, which it asks through kubectl. It changes nothing without --fix. The exit code is 0 where all fits,
1 where something is wasted or somebody has to look (leak, late-outbox, dead-node, silent-node, orphaned-block, drifted-counter,
overlap), 2 where pods may be cut off (double, lost, unknown), and more where it could not look.

With --fix what is safe is done for each finding, after it was seen and asked: the node itself compares (lessor reconcile, in the
agent's pod), or a node that Kubernetes does not have any more is declared dead. A double or a lost address is never mended by
itself, nor is a counter, which is recounted within the hour. The exit code is of what is left.`,
  arguments: {},
  options: {
    ...vrfOptions,
    fix: { kind: 'flag', help: 'mend what can be mended safely' },
    ...freeingOptions,
    cidrs: {
      kind: 'value',
      value: 'PREFIXES',
      help: 'ranges that are used otherwise, as those of the VPC: 10.0.0.0/16,10.1.0.0/16',
    },
    'counters-within': {
      kind: 'value',
      value: 'SPAN',
      default: '70s',
      help: 'for so long counters and history may be behind before something is said to be wrong',
    },
    'without-kubernetes': { kind: 'flag', help: 'do not ask Kubernetes' },
  },
  examples: [
    { line: 'check --all-vrfs', does: 'Whether everything fits together' },
    { line: 'check --cidrs 10.0.0.0/16 -o json', does: 'For monitoring, with the ranges of the VPC' },
    { line: 'check --fix --dry-run', does: 'See what would be mended' },
  ],
  async run(
    { cidrs, 'counters-within': within, 'all-vrfs': everywhere, fix, 'dry-run': dryRun, yes, ...flags },
    session,
  ) {
    if (!fix && (dryRun || yes)) throw wrong('--dry-run and --yes are about --fix', 'give --fix too');
    const patience = readSpan('--counters-within', within);
    const texts = readList('--cidrs', cidrs ?? 'none');
    const prefixes = texts.map((text) => readPrefix('--cidrs', text));
    const { state, vrfs, notLooked } = await lookedAt(session, everywhere, flags['without-kubernetes']);
    const findings = [
      ...findingsOf(state),
      ...overlaps(state.pools, prefixes, texts),
      ...(await stillSo(session, state, vrfs, patience)),
    ].sort((a, b) => a.severity.localeCompare(b.severity));
    const mends = fix ? await mended(session, findings, { dryRun, yes }) : undefined;
    const left = mends?.filter(({ did }) => did !== 'done').map(({ finding }) => finding) ?? findings;
    const looked = `${counted(state.pools.length, 'pool')}, ${counted(state.leases.length, 'lease')}, ${counted(state.nodes.length, 'node')}`;
    return {
      document: {
        findings:
          mends?.map(({ finding, did, what }) => ({ ...shown(finding), mended: { did, what } })) ?? findings.map(shown),
        looked: { pools: state.pools.length, leases: state.leases.length, nodes: state.nodes.length },
        notLooked,
      },
      names: left.map(({ subject }) => subject),
      view: () => [
        textPart([`Looked at ${looked}.`, ...notLooked, ...(findings.length === 0 ? ['All fits.'] : [])].join('\n')),
        ...(findings.length === 0 ? [] : partsOf(findings, mends)),
      ],
      exitCode: left.reduce<number>((worst, { severity }) => Math.max(worst, EXIT[severity]), 0),
    };
  },
});

const partsOf = (findings: readonly Misfit[], mends: readonly Mended[] | undefined): Part[] => [
  tablePart(findings, columns, true),
  textPart(
    (
      mends?.map(
        ({ finding, did, what }) => `- ${finding.kind} ${finding.subject}: ${finding.what}\n  ${did}: ${what}`,
      ) ?? findings.map(inWords)
    ).join('\n'),
  ),
];

/** How it would be mended is said in `remedy`, to people. */
const shown = ({ fix: _, ...finding }: Misfit) => finding;

/** What is there, and what could not be looked at. */
async function lookedAt(session: Session, everywhere: boolean, withoutKubernetes: boolean) {
  const { shell } = session;
  const at = shell.now();
  const kubernetes = withoutKubernetes ? undefined : await clusterOfKubernetes(shell, session.context);
  const looked = await vrfsLookedAt(session, everywhere);
  const state = await stateOf(session, looked, at);
  const whole: State =
    kubernetes !== undefined && 'found' in kubernetes ? { ...state, kubernetes: kubernetes.found } : state;
  const notLooked = [
    ...(kubernetes !== undefined && 'why' in kubernetes ? [`Kubernetes was not asked: ${kubernetes.why}.`] : []),
    ...(looked.isWhole ? [] : ['There are other VRFs, so what nodes count was not compared: see --all-vrfs.']),
  ];
  return { state: whole, vrfs: looked.vrfs, notLooked };
}

const columns = [
  {
    head: 'FOUND',
    of: ({ kind, severity }: Misfit) => ({ text: kind, tone: severity === 'critical' ? 'bad' : 'waits' }) as const,
  },
  { head: 'SUBJECT', of: ({ subject }: Misfit) => subject, shrinks: true as const },
  { head: 'SEVERITY', of: ({ severity }: Misfit) => severity },
];

const inWords = ({ kind, subject, what, remedy }: Misfit): string => `- ${kind} ${subject}: ${what}: ${remedy}`;
