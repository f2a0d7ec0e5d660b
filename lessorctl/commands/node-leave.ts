/** `lessorctl node leave`. */
import { LessorError, type ProblemCode, problems } from '../../core/contract/problems.ts';
import { agentOn, lessorOn } from '../kubernetes/agent.ts';
import { command } from '../session/command.ts';
import type { Ran } from '../shell/shell.ts';
import { changed, freeingOptions } from './change.ts';
import { nodeMeant } from './node-meant.ts';
import { counted } from './words.ts';

export const nodeLeave = command({
  about: `Drain the node first. It then gives back what it has and says goodbye, so that nobody needs to declare it dead. The node does
that itself: lessor leave is run in the agent's pod there, through kubectl. On a node without that pod run lessor leave by hand.
It is refused while a container has an address there.`,
  arguments: { node: { help: "the node's id, or its name in the cluster", kind: 'node' } },
  options: freeingOptions,
  examples: [
    { line: 'node leave ip-10-0-1-17.eu-central-1.compute.internal', does: 'Take a drained node out of service' },
  ],
  async run({ node: named, 'dry-run': dryRun, yes }, session) {
    const { shell, context } = session;
    const node = await nodeMeant(await session.service(), named);
    const name = node?.name ?? named;
    const agent = await agentOn(shell, name, context);
    if ('why' in agent)
      throw new LessorError('service.unavailable', `node ${named} cannot be asked: ${agent.why}`, {
        remedy: 'run lessor leave on the node itself',
      });
    const leave = async (dry: boolean) => {
      // Every data directory: a container in one that is not named would not be seen to live.
      const { config, dataDirs } = agent.found;
      const args = ['leave', '--json', ...config, ...dataDirs, ...(dry ? ['--dry-run'] : [])];
      const ran = await lessorOn(shell, agent.found, context, args);
      return toldBy(ran, name, dry);
    };
    return changed(session, {
      dryRun,
      asks: { question: `Take node ${name} out of service?`, yes },
      names: [node?.node ?? named],
      send: leave,
      documentOf: ({ left }) => left,
    });
  },
});

/** As `lessor leave --json` has it. */
interface Left {
  readonly releasedLater: number;
  readonly released: readonly unknown[];
  readonly blocks: readonly { readonly pool: string; readonly block: string }[];
  readonly life?: { readonly incarnation: number };
}

function toldBy(ran: Ran | undefined, name: string, dry: boolean): { effects: string[]; left: Left } {
  if (ran === undefined || ran.code !== 0) throw refusedBy(ran, name);
  const left = JSON.parse(ran.stdout) as Left;
  const effects = [
    ...left.blocks.map(({ pool, block }) => `block ${block} of pool ${pool} is given back`),
    `${counted(left.released.length + left.releasedLater, 'release')} made on the way`,
    left.life === undefined
      ? 'the service does not know this node'
      : `life ${left.life.incarnation} of node ${name} ${dry ? 'would be' : 'is'} over`,
  ];
  return { effects, left };
}

/** The plugin's exit codes are those of the same problems. */
function refusedBy(ran: Ran | undefined, name: string): LessorError {
  const codes = Object.keys(problems) as ProblemCode[];
  const code = codes.find((one) => problems[one].exit === ran?.code) ?? 'service.unavailable';
  const [said = 'kubectl could not run it'] = ran?.stderr.trim().split('\n') ?? [];
  return new LessorError(code, `node ${name} does not leave: ${said.replace(/^lessor: /, '')}`);
}
