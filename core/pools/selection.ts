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
}

/** `named`: the configuration says so. `selector`: the pool asks for such pods. `default`: no other pool does. */
export type Rule = 'named' | 'selector' | 'default';

export interface Choice {
  readonly pool: PoolDefinition;
  readonly rule: Rule;
}
export interface PassedOver {
  readonly pool: PoolDefinition;
  /** A sentence without a full stop. */
  readonly why: string;
}
export interface Selection {
  /** In the order in which they are tried. */
  readonly choices: readonly Choice[];
  readonly passed: readonly PassedOver[];
}

/**
 * With `names`, those pools in that order; without, the pools whose selectors fit, by `order` and then by name, and after
 * them the default pools that fit. A pool that is kept to other clusters is never chosen.
 */
export function selectPools(
  pools: readonly PoolDefinition[],
  names: readonly string[],
  requester: Requester,
): Selection {
  const judged = pools.map((pool) => judge(pool, names, requester));
  const choices = judged.flatMap((one) => ('rule' in one ? [one] : []));
  const rank = ({ pool, rule }: Choice): number[] => [
    names.indexOf(pool.name),
    rule === 'default' ? 1 : 0,
    names.length > 0 ? 0 : pool.order,
  ];
  return {
    choices: choices.sort((a, b) => compare(rank(a), rank(b)) || (a.pool.name < b.pool.name ? -1 : 1)),
    passed: judged.flatMap((one) => ('why' in one ? [one] : [])),
  };
}

function judge(pool: PoolDefinition, names: readonly string[], requester: Requester): Choice | PassedOver {
  if (pool.clusters.length > 0 && !pool.clusters.includes(requester.cluster ?? ''))
    return {
      pool,
      why: `it is kept to cluster ${pool.clusters.join(', ')}, and the caller is of ${of(requester.cluster)}`,
    };
  if (names.length > 0)
    return names.includes(pool.name) ? { pool, rule: 'named' } : { pool, why: 'the configuration names other pools' };
  const misfit = misfitOf(pool, requester);
  if (misfit !== undefined) return { pool, why: misfit };
  if (pool.namespaces.length > 0 || Object.keys(pool.nodeLabels).length > 0) return { pool, rule: 'selector' };
  if (pool.default) return { pool, rule: 'default' };
  return { pool, why: 'it has no selector, is no default pool, and the configuration does not name it' };
}

function misfitOf(
  { namespaces, nodeLabels }: PoolDefinition,
  { namespace, anyNamespace = false, labels }: Requester,
): string | undefined {
  if (!anyNamespace && namespaces.length > 0 && !namespaces.includes(namespace ?? ''))
    return `it is for namespace ${namespaces.join(', ')}, and the pod is of ${of(namespace)}`;
  const lacking = Object.entries(nodeLabels).find(([label, value]) => labels[label] !== value);
  if (lacking === undefined) return undefined;
  const [label, value] = lacking;
  return `it is for nodes with ${label}=${value}, and the node has ${labels[label] === undefined ? 'no such label' : `${label}=${labels[label]}`}`;
}

const of = (what: string | undefined): string => what ?? 'none';

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}
