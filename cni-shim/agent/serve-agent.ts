/** `lessor agent`: rounds until it is told to stop, with its health and metrics on a loopback port. */
import { regionOfNode } from '../aws/region.ts';
import type { Surroundings } from '../machine/surroundings.ts';
import { type AccessOptions, accessNode, type NodeAccess } from '../sync/node-access.ts';
import { type AgentOptions, createAgent } from './agent.ts';
import { makeMetrics } from './metrics.ts';
import { callCounter } from './plugin-calls.ts';
import { serve } from './server.ts';
import { type Speaking, type SpeakingOptions, sayWhatWasLeft, speakToKubernetes } from './speak-to-kubernetes.ts';
import { stoppingBy } from './stopping.ts';
import { agentTimes } from './tell-service.ts';

export interface AgentCommand extends AccessOptions {
  /** `host:port`. */
  readonly listen: string;
  readonly graceMs: number;
  /** What the cluster calls this node. */
  readonly name?: string | undefined;
  readonly version: string;
  readonly write: (line: string) => void;
  /** Resolves when it is to stop. */
  readonly stopped: Promise<void>;
  /** Undefined: Kubernetes is told nothing. */
  readonly kubernetes?: SpeakingOptions | undefined;
}

const LOOKS_A_ROUND = agentTimes.roundMs / agentTimes.lookMs;

/** @throws LessorError `node.configuration` before the first round; afterwards what fails is logged and tried again. */
export async function serveAgent(surroundings: Surroundings, command: AgentCommand): Promise<void> {
  const { version, name, write, graceMs, listen, stopped } = command;
  const log: AgentOptions['log'] = (level, message, facts = {}) =>
    write(JSON.stringify({ time: new Date(surroundings.now()).toISOString(), level, message, ...facts }));
  const metrics = makeMetrics(version);
  const region = regionOfNode(surroundings, name);
  const who = { version, ...(name === undefined ? {} : { name }), ...(region === undefined ? {} : { region }) };
  const access = accessNode(surroundings, command);
  // A network's first container may still come.
  for (const { what, remedy } of access.withoutJournal) log('warn', what, { remedy });
  const agent = createAgent({ ...access, metrics, log, who, graceMs });
  const calls = callCounter(surroundings, command, access.dataDirs, metrics);
  const server = await serve(listen, {
    health: agent.health,
    metrics: () => {
      calls.count();
      return metrics.registry.metrics();
    },
    contentType: metrics.registry.contentType,
  });
  log('info', 'the agent runs', { listen: server.address, version });
  const speaking = speak({ ...command, ...access, metrics, log });
  const stopping = stoppingBy(stopped);
  const failed = (error: unknown) => log('error', `a round failed: ${String(error)}`);
  for (let looks = 0; !stopping.isTold; looks = (looks + 1) % LOOKS_A_ROUND) {
    const work = looks === 0 ? agent.round() : agent.look();
    // It may be left at any instruction, as a killed process leaves it.
    await stopping.unless(work.catch(failed).then(() => surroundings.sleep(agentTimes.lookMs)));
  }
  await speaking;
  await server.close();
  calls.close();
  log('info', 'the agent stopped');
}

function speak(speaking: Omit<Speaking, 'api'> & Pick<NodeAccess, 'api'> & Pick<AgentCommand, 'kubernetes'>) {
  const { kubernetes, api } = speaking;
  if (kubernetes !== undefined) return speakToKubernetes({ ...speaking, api: api.brief }, kubernetes);
  sayWhatWasLeft(speaking);
  return undefined;
}
