/** What `explain` needs to know of a pod and its node: given by options, else collected from Kubernetes. */
import { agentOn, labelsOn } from '../kubernetes/agent.ts';
import { type AskedPools, conflistIn } from '../kubernetes/conflist.ts';
import type { Asked } from '../kubernetes/kubectl.ts';
import { networksOf, type PodNetworks } from '../kubernetes/networks.ts';
import type { AnnotatedNetworks } from '../kubernetes/pod-networks.ts';
import type { Session } from '../session/session.ts';
import { wrong } from '../settings/wrong.ts';
import { readLabels, readList } from './policy-options.ts';

/** Options, as they are given. */
export interface ExplainOptions {
  readonly conflist: string | undefined;
  readonly pools: string | undefined;
  readonly network: string | undefined;
  readonly labels: string | undefined;
  readonly 'without-kubernetes': boolean;
}

type Network = Omit<AskedPools, 'network'> & { readonly name?: string; readonly from?: string };
type Labels = Readonly<Record<string, string>>;

/** What they say. */
export interface Given {
  readonly network: Network | undefined;
  readonly labels: Labels | undefined;
  /** Which of the pod's networks is meant. */
  readonly wanted: string | undefined;
}

export interface Configured {
  readonly network: Network | undefined;
  readonly labels: Labels | undefined;
  /** What is not known, and what would help; and what else there is. A sentence each. */
  readonly notes: readonly string[];
}

/** @throws LessorError `request.invalid` */
export async function givenBy(options: ExplainOptions, session: Session): Promise<Given> {
  const { conflist, pools, network: wanted, labels } = options;
  const asked = `--network ${JSON.stringify(wanted)} is one of the pod's, as Kubernetes has them`;
  if (wanted !== undefined && (conflist ?? pools) !== undefined) throw wrong(asked, 'leave --conflist and --pools out');
  if (wanted !== undefined && options['without-kubernetes']) throw wrong(asked, 'leave --without-kubernetes out');
  return {
    network: await givenNetwork(options, session),
    labels: labels === undefined ? undefined : readLabels('--labels', labels),
    wanted,
  };
}

async function givenNetwork({ conflist, pools }: ExplainOptions, { shell }: Session): Promise<Network | undefined> {
  if (pools !== undefined) return { pools: readList('--pools', pools) };
  if (conflist === undefined) return undefined;
  const text = await shell.read(conflist);
  if (text === undefined) throw wrong(`--conflist ${conflist} is not there`, 'name a file, or - for standard input');
  const read = conflistIn(text);
  if (read === undefined)
    throw wrong(`--conflist ${conflist} is not JSON`, 'give a network configuration, as in /etc/cni/net.d');
  if (read.asked === undefined)
    throw wrong(`--conflist ${conflist} has no ipam section of type lessor`, 'give the one of the nodes, or --pools');
  const { network: name, ...asked } = read.asked;
  return { ...asked, name, from: conflist };
}

/**
 * @param nodeName as Kubernetes calls the node; `why` where it is not asked
 * @throws LessorError `request.invalid` where the pod has no such network
 */
export async function configured(
  { network: named, labels, wanted }: Given,
  session: Session,
  nodeName: Asked<string>,
  annotated: AnnotatedNetworks,
): Promise<Configured> {
  const { shell, context } = session;
  if (named !== undefined && labels !== undefined) return { network: named, labels, notes: [] };
  const agent = 'why' in nodeName ? nodeName : await agentOn(shell, nodeName.found, context);
  const [network, said] = await Promise.all([
    named === undefined ? chosenNetwork(wanted, session, agent, annotated) : { network: named, notes: [] },
    labels !== undefined ? { found: labels } : 'why' in agent ? agent : labelsOn(shell, agent.found, context),
  ]);
  const notes = [
    ...network.notes,
    ...('why' in said
      ? [`The labels of the node's configuration are not known (${said.why}): give --labels where it has some.`]
      : []),
  ];
  return { network: network.network, labels: 'found' in said ? said.found : undefined, notes };
}

type Chosen = Pick<Configured, 'network' | 'notes'>;

async function chosenNetwork(
  wanted: string | undefined,
  { shell, context }: Session,
  agent: Parameters<typeof networksOf>[2],
  annotated: AnnotatedNetworks,
): Promise<Chosen> {
  const found = await networksOf(shell, context, agent, annotated);
  const { networks } = found;
  const isMeant = (name: string) => name === wanted || name.endsWith(`/${wanted}`);
  const meant = wanted === undefined ? networks[0] : networks.find(({ name }) => isMeant(name));
  if (wanted !== undefined && meant === undefined)
    throw wrong(
      `--network ${JSON.stringify(wanted)} is none of the pod's networks that get addresses of Lessor`,
      `it has ${[...networks.map(({ name }) => name), ...found.unknown].join(', ') || 'none'}`,
    );
  if (meant === undefined) return { network: undefined, notes: [nothingFound(found)] };
  const { asked, name, from } = meant;
  const more = networks.filter((one) => one !== meant).map((one) => one.name);
  const { network: _, ...pools } = asked;
  return {
    network: { ...pools, name, from },
    notes: [
      ...(more.length === 0 ? [] : [`The pod has further networks of Lessor: ${more.join(', ')} (see --network).`]),
      ...found.unknown.map((why) => `Another network of the pod is not known: ${why}.`),
    ],
  };
}

function nothingFound({ others, unknown }: PodNetworks): string {
  const why = [...unknown, ...others.map((one) => `${one} has no ipam section of type lessor`)].join('; ');
  return `The network configuration is not known (${why}): give --conflist or --pools where it names pools.`;
}
