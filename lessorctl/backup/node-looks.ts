/** Which nodes have compared the restored tables with their journals. Whoever has not may have pods whose addresses are free there. */

/** A node as the service lists it. Times are RFC 3339. */
export interface KnownNode {
  readonly node: string;
  readonly name?: string | undefined;
  readonly alive: boolean;
  /** When it was last heard of. */
  readonly heartbeatAt?: string | undefined;
  /** When it last compared table and journal, and how many of its leases are lost, where its agent says so. */
  readonly comparedAt?: string | undefined;
  readonly lost?: number | undefined;
}

/**
 * An agent that was refused says that it is up, compares, and is content; it says so again after ten minutes. One that could not
 * compare says that it is up with each try, a minute apart at most. So one that was quiet for so long has compared.
 */
const QUIET_MS = 2 * 60_000;
/** Within this time each agent says that it is up, and so learns that the API is closed. Only then it compares after the opening. */
export const NOTICED_MS = 12 * 60_000;

/** @param since milliseconds: the API was opened for nodes */
export function hasLooked({ heartbeatAt, comparedAt }: KnownNode, since: number, now: number): boolean {
  if (comparedAt !== undefined) return Date.parse(comparedAt) > since;
  const heard = heartbeatAt === undefined ? 0 : Date.parse(heartbeatAt);
  return heard > since && now - heard >= QUIET_MS;
}

export interface Looks {
  readonly looked: readonly string[];
  /** Heard of since the opening. */
  readonly looking: readonly string[];
  readonly silent: readonly string[];
}

export interface LookedFor {
  /** That lived before the API was closed: the restored tables may not know them. */
  readonly before: readonly string[];
  /** Whose life was over by then: the restored tables may have them as living. */
  readonly dead: readonly string[];
  /** As the restored tables have them. */
  readonly now: readonly KnownNode[];
  /** For which nobody is to wait. */
  readonly without: ReadonlySet<string>;
  readonly since: number;
  readonly at: number;
}

export function looksOf({ before, dead, now, without, since, at }: LookedFor): Looks {
  const byId = new Map(now.map((node) => [node.node, node]));
  const meant = new Set([...before, ...now.flatMap(({ node, alive }) => (alive ? [node] : []))]);
  const groups = { looked: [] as string[], looking: [] as string[], silent: [] as string[] };
  for (const id of [...meant].sort()) {
    if (without.has(id)) continue;
    const node = byId.get(id);
    const heard = Date.parse(node?.heartbeatAt ?? '') > since;
    if (node !== undefined && hasLooked(node, since, at)) groups.looked.push(id);
    // Nothing of it runs any more, unless it speaks.
    else if (dead.includes(id) && !heard) continue;
    else groups[heard ? 'looking' : 'silent'].push(id);
  }
  return groups;
}
