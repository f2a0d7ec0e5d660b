/** `lessorctl check`. */
import type { PoolView } from '../../core/contract/pool.ts';
import type { Service } from '../api/service.ts';
import { findingsOf, type LeaseOfPool, type Misfit, overlaps, type State } from '../check/compare.ts';
import { clusterOfKubernetes } from '../kubernetes/kubectl.ts';
import { readPrefix } from '../plan/prefix.ts';
import { tablePart, textPart } from '../print/view.ts';
import { command } from '../session/command.ts';
import type { Session } from '../session/session.ts';
import { ofEach } from './each-pool.ts';
import { gathered } from './pages.ts';
import { readList } from './policy-options.ts';
import { readSpan } from './times.ts';
import { counted } from './words.ts';

/** As monitoring has them. */
const EXIT = { warning: 1, critical: 2 } as const;

export const check = command({
  about: `Compares the table of leases with itself, with the nodes, with the counters, and with the pods and nodes of Kubernetes, which
it asks through kubectl. It changes nothing. The exit code is 0 where all fits, 1 where something is wasted or somebody has to
look (leak, dead-node, silent-node, orphaned-block, drifted-counter, overlap), 2 where pods may be cut off (double, lost), and
more where it could not look.`,
  arguments: {},
  options: {
    cidrs: {
      kind: 'value',
      value: 'PREFIXES',
      help: 'ranges that are used otherwise, as those of the VPC: 10.0.0.0/16,10.1.0.0/16',
    },
    'counters-within': {
      kind: 'value',
      value: 'SPAN',
      default: '70s',
      help: 'for so long counters may be behind before they are said to be wrong',
    },
    'without-kubernetes': { kind: 'flag', help: 'do not ask Kubernetes' },
  },
  examples: [
    { line: 'check', does: 'Whether everything fits together' },
    { line: 'check --cidrs 10.0.0.0/16 -o json', does: 'For monitoring, with the ranges of the VPC' },
  ],
  async run({ cidrs, 'counters-within': within, ...flags }, session) {
    const patience = readSpan('--counters-within', within);
    const texts = readList('--cidrs', cidrs ?? 'none');
    const prefixes = texts.map((text) => readPrefix('--cidrs', text));
    const { shell } = session;
    const at = shell.now();
    const kubernetes = flags['without-kubernetes'] ? undefined : await clusterOfKubernetes(shell, session.context);
    const state = await stateOf(session, at);
    const whole: State =
      kubernetes !== undefined && 'found' in kubernetes ? { ...state, kubernetes: kubernetes.found } : state;
    const findings = [
      ...findingsOf(whole),
      ...overlaps(state.pools, prefixes, texts),
      ...(await drifted(session, state.pools, patience)),
    ].sort((a, b) => a.severity.localeCompare(b.severity));
    const notLooked =
      kubernetes !== undefined && 'why' in kubernetes ? [`Kubernetes was not asked: ${kubernetes.why}.`] : [];
    const looked = `${counted(state.pools.length, 'pool')}, ${counted(state.leases.length, 'lease')}, ${counted(state.nodes.length, 'node')}`;
    return {
      document: {
        findings,
        looked: { pools: state.pools.length, leases: state.leases.length, nodes: state.nodes.length },
        notLooked,
      },
      names: findings.map(({ subject }) => subject),
      view: () => [
        textPart([`Looked at ${looked}.`, ...notLooked, ...(findings.length === 0 ? ['All fits.'] : [])].join('\n')),
        ...(findings.length === 0
          ? []
          : [tablePart(findings, columns, true), textPart(findings.map(inWords).join('\n'))]),
      ],
      exitCode: findings.reduce<number>((worst, { severity }) => Math.max(worst, EXIT[severity]), 0),
    };
  },
});

const columns = [
  {
    head: 'FOUND',
    of: ({ kind, severity }: Misfit) => ({ text: kind, tone: severity === 'critical' ? 'bad' : 'waits' }) as const,
  },
  { head: 'SUBJECT', of: ({ subject }: Misfit) => subject, shrinks: true as const },
  { head: 'SEVERITY', of: ({ severity }: Misfit) => severity },
];

const inWords = ({ kind, subject, what, remedy }: Misfit): string => `- ${kind} ${subject}: ${what}: ${remedy}`;

async function stateOf({ service, target, progress }: Session, at: number): Promise<State> {
  const [api, { vrf }] = [await service(), await target()];
  const pools = await gathered(
    api.pages('listPools', { query: { vrf, limit: '100' } }),
    (page) => page.pools,
    progress,
    'pools',
  );
  const nodes = await gathered(
    api.pages('listNodes', { query: { limit: '100' } }),
    (page) => page.nodes,
    progress,
    'nodes',
  );
  const each = async <T>(some: readonly PoolView[], read: (pool: PoolView) => Promise<T[]>) =>
    (await ofEach(some, read)).flat();
  const leases = await each(pools, async ({ name }) => {
    const list = api.pages('listLeases', { path: { pool: name }, query: { vrf } });
    const rows = await gathered(list, (page) => page.leases, progress, `leases of pool ${name}`);
    return rows.map((row): LeaseOfPool => ({ ...row, pool: name }));
  });
  const owned = pools.filter(({ affinity }) => affinity === 'node');
  const blocks = await each(owned, async ({ name }) => {
    const list = api.pages('listBlocks', { path: { pool: name }, query: { vrf } });
    const rows = await gathered(list, (page) => page.blocks, progress, `blocks of pool ${name}`);
    return rows.map((row) => ({ ...row, pool: name }));
  });
  return { at, pools, nodes, leases, blocks };
}

/** Counters that differ from what is held, and still do after the time in which they follow. */
async function drifted(
  { service, target, shell, progress }: Session,
  pools: readonly PoolView[],
  patience: number,
): Promise<Misfit[]> {
  const [api, { vrf }] = [await service(), await target()];
  const differing = (names: readonly string[]) =>
    ofEach(names, (name) => difference(api, name, vrf)).then((all) => all.flatMap((one) => one ?? []));
  const first = await differing(pools.map(({ name }) => name));
  if (first.length === 0) return [];
  progress.tell(`waiting ${patience / 1_000} s for the counters of ${counted(first.length, 'pool')}`);
  await shell.sleep(patience);
  const still = await differing(first.map(({ name }) => name));
  return still.map(({ name, held, counted: count }) => ({
    kind: 'drifted-counter',
    severity: 'warning',
    subject: name,
    what: `its counter says ${count} held, and ${held} are`,
    remedy: 'each pool is recounted within an hour: see docs/runbooks/counters-drifted.md where it comes again',
  }));
}

async function difference(api: Service, name: string, vrf: string) {
  const path = { pool: name };
  const [exact, cheap] = await Promise.all([
    api.ask('usage', { path, query: { vrf } }),
    api.ask('usage', { path, query: { vrf, cheap: 'true' } }),
  ]);
  return exact.held === cheap.held ? undefined : { name, held: exact.held, counted: cheap.held };
}
