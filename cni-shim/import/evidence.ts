/**
 * Whose an allocation is, and whether its container lives. It is another node's, or over, only on proof: what is left out though it
 * lives may be given to another pod.
 */
import type { Pod } from '../../core/contract/ids.ts';
import type { OtherAllocation } from './allocation.ts';
import type { LivingAddresses } from './namespaces.ts';
import type { ListedPod, PodList } from './pods.ts';
import type { SandboxList } from './sandboxes.ts';

/**
 * `unproven`: nobody saw it, and nothing proves that it is over. `nowhere`: the same of one that may as well be another node's.
 */
export type ContainerStanding = 'living' | 'unproven' | 'nowhere' | 'elsewhere' | 'over';

export interface Judged {
  readonly allocation: OtherAllocation;
  readonly standing: ContainerStanding;
  readonly why: string;
  /** Of the runtime or the cluster, else what the allocation says. */
  readonly pod: Pod | undefined;
  readonly ifname: string | undefined;
  /** The file of its network namespace. */
  readonly netns: string | undefined;
}

export interface LifeEvidence {
  /** What the cluster calls this node. */
  readonly nodeName: string;
  readonly living: LivingAddresses;
  /** The runtime's own; undefined where it was not given. */
  readonly sandboxes: SandboxList | undefined;
  readonly pods: PodList | undefined;
  /** Whether all allocations are this node's, whatever they say. */
  readonly isAllOwn: boolean;
}

/** What is found out beside the standing. */
type Details = Partial<Pick<Judged, 'pod' | 'ifname' | 'netns'>>;

export function judge(allocation: OtherAllocation, evidence: LifeEvidence): Judged {
  const { living, sandboxes, pods, nodeName, isAllOwn } = evidence;
  const { address, containerId, node, pod } = allocation;
  const is = (standing: ContainerStanding, why: string, details: Details = {}): Judged => ({
    ...{ allocation, standing, why, pod, ifname: allocation.ifname, netns: undefined },
    ...details,
  });
  const listed = sandboxes?.find(containerId);
  const holder = pods?.withAddress(address);
  const known = holder?.node === nodeName ? ofPod(holder) : {};
  const details: Details = { ...known, ...(listed?.pod === undefined ? {} : { pod: listed.pod }) };
  if (node !== undefined && !isAllOwn && node.toLowerCase() !== nodeName)
    return is('elsewhere', `it is node ${node}'s`);
  // Of an allocation that may be another node's. Else that pod may be of a network with the same addresses, or say of itself what it
  // likes: annotations are a tenant's.
  const isSeen = (isAllOwn || node !== undefined) && living.has(address);
  if (holder?.node !== undefined && holder.node !== nodeName && !isSeen)
    return is('elsewhere', `pod ${holder.name} of node ${holder.node} has it`);
  if (living.has(address)) {
    const names = namesIn(containerId, details.pod?.uid);
    return is('living', 'its address lives here', { ...details, netns: living.netnsOf(address, names) });
  }
  if (listed !== undefined) return is('living', 'the runtime lists it', details);
  if (sandboxes?.isAfter(allocation) === true) return is('over', 'the runtime does not list it');
  if (holder?.node === nodeName) return is('living', `pod ${holder.name} has it`, details);
  return byName(allocation, evidence, is);
}

/** No pod is known to have the address: what becomes of the pod for which it was allocated. That there is none proves nothing. */
function byName(
  { pod, node }: OtherAllocation,
  { pods, nodeName, isAllOwn }: LifeEvidence,
  is: (standing: ContainerStanding, why: string) => Judged,
): Judged {
  const name = pod && `${pod.namespace}/${pod.name}`;
  const itsPod = name === undefined ? undefined : pods?.named(name);
  const isOwn = isAllOwn || node !== undefined;
  if (itsPod?.node !== undefined && itsPod.node !== nodeName && !isOwn)
    return is('elsewhere', `pod ${name} is on node ${itsPod.node}`);
  if (itsPod?.node === nodeName) return is('unproven', `pod ${name} is not known to have this address`);
  // Deleted by force, its container may run on.
  const why =
    pods === undefined || name === undefined || itsPod ? 'its container was not seen' : `there is no pod ${name}`;
  return isOwn ? is('unproven', why) : is('nowhere', `${why}, and nothing says on which node it is`);
}

const ofPod = ({ pod, ifname }: ListedPod): Details => ({ pod, ...(ifname === undefined ? {} : { ifname }) });

/** As they are in the path of a control group: systemd's have no dashes. */
const namesIn = (containerId: string, uid: string | undefined): string[] => [
  containerId,
  ...(uid === undefined ? [] : [uid, uid.replaceAll('-', '_')]),
];
