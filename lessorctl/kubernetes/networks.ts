/** Which networks of a pod get their addresses of Lessor, and what each asks for. */
import type { Shell } from '../shell/shell.ts';
import { type AgentPod, conflistOn } from './agent.ts';
import { type AskedPools, conflistIn } from './conflist.ts';
import type { Asked } from './kubectl.ts';
import { type AnnotatedNetworks, attachmentDefinition, type NamedNetwork } from './pod-networks.ts';

export interface PodNetwork {
  /** `namespace/name` of what the pod's annotations name; else the network's own. */
  readonly name: string;
  /** Where its configuration was found. */
  readonly from: string;
  readonly asked: AskedPools;
}

export interface PodNetworks {
  /** The one that the pod gets without asking comes first. */
  readonly networks: readonly PodNetwork[];
  /** Those whose addresses are another plugin's. */
  readonly others: readonly string[];
  /** Of which it could not be found out, and why. */
  readonly unknown: readonly string[];
}

/** @param agent of the pod's node */
export async function networksOf(
  shell: Pick<Shell, 'execute'>,
  context: string | undefined,
  agent: Asked<AgentPod>,
  annotated: AnnotatedNetworks,
): Promise<PodNetworks> {
  const [networks, others, unknown]: [PodNetwork[], string[], string[]] = [[], [], []];
  const add = (name: string, from: string, text: string) => {
    const read = conflistIn(text);
    if (read === undefined) unknown.push(`${from} holds no JSON`);
    else if (read.asked === undefined) others.push(`${name || 'its own'} (${from})`);
    else networks.push({ name: name || read.asked.network, from, asked: read.asked });
  };
  const addDefinition = async (named: NamedNetwork) => {
    const name = `${named.namespace}/${named.name}`;
    const definition = await attachmentDefinition(shell, context, named);
    if ('why' in definition) unknown.push(definition.why);
    else add(name, 'NetworkAttachmentDefinition', definition.found);
  };
  if (annotated.default !== undefined) await addDefinition(annotated.default);
  else {
    const conflist = 'why' in agent ? agent : await conflistOn(shell, agent.found, context);
    if ('why' in conflist) unknown.push(conflist.why);
    else add('', conflist.found.from, conflist.found.text);
  }
  for (const named of annotated.more) await addDefinition(named);
  return { networks, others, unknown };
}
