/** `lessorctl node declare-dead`. */
import type { DeclareDeathResult } from '../../core/contract/nodes.ts';
import { LessorError } from '../../core/contract/problems.ts';
import type { Service } from '../api/service.ts';
import { command } from '../session/command.ts';
import type { Session } from '../session/session.ts';
import { changed, freeingOptions } from './change.ts';
import { readSpan } from './times.ts';
import { counted, timeText } from './words.ts';

export const declareDead = command({
  about: `Its leases are freed and its blocks taken back within minutes, whether or not its containers run. Make certain that
nothing of it runs any more: the instance is terminated, or the machine is switched off. A node that is only unreachable may
have living pods, and their addresses would be given to others. A node that was heard of within the last 15 minutes is not
declared dead unless you insist (--also-if-alive).`,
  arguments: { nodes: { help: 'ids of nodes', several: true, kind: 'node' } },
  options: {
    reason: { kind: 'value', value: 'TEXT', help: 'why you are certain that nothing of it runs any more; it is kept' },
    'also-if-alive': { kind: 'flag', help: 'also if it was heard of lately' },
    wait: { kind: 'flag', help: 'until what they had was looked for: within 5 minutes' },
    timeout: { kind: 'value', value: 'SPAN', default: '15m', help: 'so long it waits at most' },
    ...freeingOptions,
  },
  examples: [
    {
      line: 'node declare-dead i-0123456789abcdef0 --reason "rack 7 burnt" --dry-run',
      does: 'See what would be freed',
    },
    { line: 'node declare-dead i-0123456789abcdef0 --reason "rack 7 burnt"', does: 'Declare a node dead' },
  ],
  async run({ nodes, reason, 'also-if-alive': insists, wait, timeout, 'dry-run': dryRun, yes }, session) {
    const patience = readSpan('--timeout', timeout);
    if (!reason?.trim())
      throw new LessorError('request.invalid', 'no --reason is given', { remedy: 'write why you are certain' });
    const api = await session.service();
    const declare = (node: string, dry: boolean) =>
      api.ask('declareDeath', {
        query: { dryRun: dry ? 'true' : 'false' },
        body: { node, reason, ...(insists ? { alsoIfAlive: true } : {}) },
      });
    return changed(session, {
      dryRun,
      asks: { question: `Declare ${nodes.length === 1 ? nodes[0] : counted(nodes.length, 'node')} dead?`, yes },
      names: nodes,
      async send(dry) {
        const declared = await declareEach(nodes, (node) => declare(node, dry), dry, dryRun);
        return wait && !dry ? freedBy(session, declared, patience) : declared;
      },
      documentOf: ({ deaths }) => ({ deaths }),
    });
  },
});

interface Declared {
  readonly effects: readonly string[];
  readonly deaths: readonly DeclareDeathResult[];
}

/** One after the other: what was declared is said, though the next one is refused. */
async function declareEach(
  nodes: readonly string[],
  declare: (node: string) => ReturnType<Service['ask']>,
  dry: boolean,
  shown: boolean,
): Promise<Declared> {
  const deaths: DeclareDeathResult[] = [];
  for (const node of nodes) {
    try {
      const death = (await declare(node)) as DeclareDeathResult;
      // Nobody is to be asked about what is refused anyway.
      if (dry && !shown && death.refused) throw alive(death);
      deaths.push(death);
    } catch (error) {
      if (!(error instanceof LessorError) || deaths.length === 0 || dry) throw error;
      const remedy = `${error.remedy ?? 'see what is wrong'}. Declared were ${deaths.map((death) => death.node).join(', ')}`;
      throw new LessorError(error.code, error.what, { remedy, cause: error });
    }
  }
  return { effects: deaths.flatMap(dry ? foreseenText : doneText), deaths };
}

/** Milliseconds between two looks. */
const PAUSE = 5_000;

/** Waits until the blocks of each were gone through, after this declaration. */
async function freedBy(
  { service, shell, progress }: Session,
  { effects, deaths }: Declared,
  patience: number,
): Promise<Declared> {
  const api = await service();
  const deadline = shell.now() + patience;
  const freed: string[] = [];
  for (const { node } of deaths) {
    for (;;) {
      const [death] = (await api.ask('listDeaths', { query: { node } })).deaths;
      if (death?.sweptAt !== undefined) {
        freed.push(`of node ${node} ${counted(death.freed, 'lease')} ${death.freed === 1 ? 'is' : 'are'} freed`);
        break;
      }
      if (shell.now() + PAUSE > deadline)
        throw new LessorError('service.busy', `node ${node} is declared dead, and what it had was not looked for yet`, {
          remedy: `see lessorctl deaths --node ${node}; if it stays so, docs/runbooks/deaths-waiting.md`,
        });
      progress.tell(`waiting for what node ${node} had`);
      await shell.sleep(PAUSE);
    }
  }
  return { effects: [...effects, ...freed], deaths };
}

const alive = ({ node, heardOfAt }: DeclareDeathResult): LessorError =>
  new LessorError(
    'node.alive',
    `node ${node} was heard of at ${heardOfAt === undefined ? 'a time' : timeText(heardOfAt)}`,
    {
      remedy: 'make certain that nothing of it runs any more; then wait 15 minutes, or give --also-if-alive',
    },
  );

const foreseenText = ({ effects = [], heardOfAt, wouldFree, node }: DeclareDeathResult): string[] => [
  ...effects,
  ...(wouldFree?.blocks ?? []).map(
    ({ pool, vrf, block, leases, owned }) =>
      `block ${block} of pool ${vrf}/${pool}: ${counted(leases, 'lease')} freed${owned ? ', taken back' : ''}`,
  ),
  // When it was heard of is among the effects.
  ...(heardOfAt === undefined ? [`node ${node} was never heard of`] : []),
];

const doneText = ({ node, incarnation, declaredAt }: DeclareDeathResult): string[] => [
  `node ${node} was declared dead at ${timeText(declaredAt)} (life ${incarnation}): what it had is freed within 5 minutes`,
];
