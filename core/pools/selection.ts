/** Which pools a pod's address may come from, in which order, and why not from the others. */
import type { PoolDefinition } from '../contract/pool.ts';

/** What is known of who asks. */
export interface Requester {
  /** By the caller's role; undefined where the deployment gives its role no cluster. */
  readonly cluster?: string | undefined;
  readonly namespace?: string | undefined;
  /** True where pods of whichever namespace are meant: no pool is passed over for the namespaces that it is for. */
  readonly anyNamespace?: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** Those that the pod itself names; absent where it names none. */
  readonly podPools?: readonly string[] | undefined;
}

/** `annotation`: the pod says so. `named`: the configuration does. `selector`: the pool asks for such pods. `default`: no other pool does. */
export type Rule = 'annotation' | 'named' | 'selector' | 'default';

/** What of a pool says which pods get their addresses there. */
export type SelectionPolicy = Pick<PoolDefinition, 'clusters' | 'namespaces' | 'nodeLabels' | 'default' | 'order'>;

export const selectionPolicy = ({
  clusters,
  namespaces,
  nodeLabels,
  default: isDefault,
  order,
}: SelectionPolicy): SelectionPolicy => ({ clusters, namespaces, nodeLabels, default: isDefault, order });

interface Selectable {
  readonly name: string;
  readonly policy: SelectionPolicy;
}
export interface Choice<P> {
  readonly pool: P;
  readonly rule: Rule;
}
interface Unfit {
  /** A sentence without a full stop. It is made when it is asked for: a VRF may have thousands of pools. */
  readonly why: () => string;
  /** Other clusters or namespaces have it to themselves: that it is there is not their neighbours' business. */
  readonly isOthers?: true;
}
interface PassedOver<P> extends Unfit {
  readonly pool: P;
}
export interface Selection<P> {
  /** In the order in which they are tried. */
  readonly choices: readonly Choice<P>[];
  readonly passed: readonly PassedOver<P>[];
}

/**
 * With `names`, those pools in that order; without, the pools whose selectors fit, by `order` and then by name, and after
 * them the default pools that fit. A pool that is kept to other clusters is never chosen. Where the pod names pools, those in its
 * order.
 */
export function selectPools<P extends Selectable>(
  pools: readonly P[],
  names: readonly string[],
  requester: Requester,
): Selection<P> {
  const choices: Choice<P>[] = [];
  const passed: PassedOver<P>[] = [];
  for (const pool of pools) {
    const judged = judge(pool, names, requester);
    if ('rule' in judged) choices.push({ pool, rule: judged.rule });
    else passed.push({ pool, ...judged });
  }
  const inOrder = requester.podPools ?? names;
  const rank = ({ pool, rule }: Choice<P>): number[] => [
    inOrder.indexOf(pool.name),
    rule === 'default' ? 1 : 0,
    inOrder.length > 0 ? 0 : pool.policy.order,
  ];
  choices.sort((a, b) => compare(rank(a), rank(b)) || (a.pool.name < b.pool.name ? -1 : 1));
  return { choices, passed };
}

type Judgement = { readonly rule: Rule } | Unfit;

/** What a configuration names whose pool is one of its own ranges: no pool by its name. */
export const NO_POOL_BY_NAME: readonly string[] = [''];

/** By which rule the pool may be used for the requester, or why it may not. */
export function judge(pool: Selectable, names: readonly string[], requester: Requester): Judgement {
  const { podPools, ...others } = requester;
  if (podPools === undefined) return judgeByConfiguration(pool, names, requester);
  if (!podPools.includes(pool.name)) return { why: () => "the pod's annotation names other pools" };
  const configured = judgeByConfiguration(pool, names, others);
  return 'rule' in configured || isForPod(pool, others)
    ? { rule: 'annotation' }
    : whyNotChosen(pool, configured, others);
}

/** A pod may choose what it could have anyway, and what the operator made for its namespace, on nodes that it fits. */
function isForPod({ policy }: Selectable, requester: Requester): boolean {
  const { clusters, namespaces } = policy;
  const isOfCluster = clusters.length === 0 || clusters.includes(requester.cluster ?? '');
  return isOfCluster && namespaces.length > 0 && misfitOf(policy, { ...requester, anyNamespace: false }) === undefined;
}

function whyNotChosen({ policy }: Selectable, configured: Unfit, requester: Requester): Unfit {
  const misfit = policy.namespaces.length > 0 ? misfitOf(policy, requester) : undefined;
  const why = () =>
    `the pod's annotation names it, but it is for no namespace, and without the annotation ${configured.why()}`;
  return misfit ?? { why };
}

function judgeByConfiguration({ name, policy }: Selectable, names: readonly string[], requester: Requester): Judgement {
  const { clusters, namespaces, nodeLabels } = policy;
  if (clusters.length > 0 && !clusters.includes(requester.cluster ?? ''))
    return {
      why: () => `it is kept to cluster ${clusters.join(', ')}, and the caller is of ${of(requester.cluster)}`,
      isOthers: true,
    };
  if (names.length > 0)
    return names.includes(name) ? { rule: 'named' } : { why: () => 'the configuration names other pools' };
  const misfit = misfitOf(policy, requester);
  if (misfit !== undefined) return misfit;
  if (namespaces.length > 0 || Object.keys(nodeLabels).length > 0) return { rule: 'selector' };
  if (policy.default) return { rule: 'default' };
  return { why: () => 'it has no selector, is no default pool, and the configuration does not name it' };
}

function misfitOf(
  { namespaces, nodeLabels }: SelectionPolicy,
  { namespace, anyNamespace = false, labels }: Requester,
): Unfit | undefined {
  if (!anyNamespace && namespaces.length > 0 && !namespaces.includes(namespace ?? ''))
    return {
      why: () => `it is for namespace ${namespaces.join(', ')}, and the pod is of ${of(namespace)}`,
      isOthers: true,
    };
  const lacking = Object.entries(nodeLabels).find(([label, value]) => labels[label] !== value);
  if (lacking === undefined) return undefined;
  const [label, value] = lacking;
  const its = labels[label];
  const has = its === undefined ? 'no such label' : `${label}=${its}`;
  return { why: () => `it is for nodes with ${label}=${value}, and the node has ${has}` };
}

const of = (what: string | undefined): string => what ?? 'none';

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}
