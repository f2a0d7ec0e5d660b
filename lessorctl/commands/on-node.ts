/** What a node does itself: the plugin's executable, run in the agent's pod there. */
import { LessorError, type ProblemCode, problems } from '../../core/contract/problems.ts';
import { agentOn, lessorOn } from '../kubernetes/agent.ts';
import type { Session } from '../session/session.ts';
import type { Ran } from '../shell/shell.ts';

export interface NodeInCluster {
  /** As the user named it. */
  readonly named: string;
  /** Its name in the cluster. */
  readonly name: string;
}

/** @returns what runs a command there, and gives back what it printed as JSON. @throws LessorError where the node cannot be asked */
export async function nodeRunner(
  { shell, context }: Pick<Session, 'shell' | 'context'>,
  { named, name }: NodeInCluster,
  byHand: string,
): Promise<(args: readonly string[]) => Promise<unknown>> {
  const agent = await agentOn(shell, name, context);
  if ('why' in agent)
    throw new LessorError('service.unavailable', `node ${named} cannot be asked: ${agent.why}`, {
      remedy: `run ${byHand} on the node itself`,
    });
  // Every data directory: a container in one that is not named would not be seen to live.
  const { config, dataDirs } = agent.found;
  return async ([what = '', ...rest]) => {
    const ran = await lessorOn(shell, agent.found, context, [what, '--json', ...config, ...dataDirs, ...rest]);
    if (ran === undefined || ran.code !== 0) throw refusedBy(ran, name, what);
    try {
      return JSON.parse(ran.stdout);
    } catch (cause) {
      const remedy = `is its agent of another release? Run ${byHand} on the node itself`;
      throw new LessorError('service.fault', `node ${name} did not answer lessor ${what} with JSON`, { remedy, cause });
    }
  };
}

/** The plugin's exit codes are those of the same problems. */
function refusedBy(ran: Ran | undefined, name: string, what: string): LessorError {
  const codes = Object.keys(problems) as ProblemCode[];
  const code = codes.find((one) => problems[one].exit === ran?.code) ?? 'service.unavailable';
  const [said = 'kubectl could not run it'] = ran?.stderr.trim().split('\n') ?? [];
  return new LessorError(code, `node ${name} refuses lessor ${what}: ${said.replace(/^lessor: /, '')}`);
}
