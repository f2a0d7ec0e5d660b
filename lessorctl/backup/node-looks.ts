/** Which nodes have compared the restored tables with their journals. Whoever has not may have pods whose addresses are free there. */

/** A node as the service lists it. Times are RFC 3339. */
export interface KnownNode {
  readonly node: string;
  readonly alive: boolean;
  /** When it was last heard of. */
  readonly heartbeatAt?: string | undefined;
  /** When it last compared table and journal, by its own clock, where its agent says such things; empty where it never did. */
  readonly comparedAt?: string | undefined;
  /** How many of its leases are lost, where its agent says so. */
  readonly lost?: number | undefined;
}

/**
 * An agent that was refused says that it is up, compares, and is content; it says so again after ten minutes. One that could not
 * compare says that it is up with each try, a minute apart at most. So one that was quiet for so long has compared.
 */
const QUIET_MS = 2 * 60_000;
/** Within this time each agent says that it is up, and so learns that the API is closed. Only then it compares after the opening. */
export const NOTICED_MS = 12 * 60_000;

/** Milliseconds, by the clock of whoever restores. */
export interface ClosedTime {
  readonly closedAt: number;
  /** For nodes. */
  readonly openedAt: number;
}

export function hasLooked({ heartbeatAt, comparedAt }: KnownNode, { closedAt, openedAt }: ClosedTime, now: number) {
  // Nothing was compared while the API was closed. That was so long that a clock which is 5 minutes wrong, as AWS allows it, puts
  // nothing of before into its second half, and nothing of afterwards into its first.
  if (comparedAt !== undefined) return Date.parse(comparedAt || '1970-01-01') > (closedAt + openedAt) / 2;
  const heard = heartbeatAt === undefined ? 0 : Date.parse(heartbeatAt);
  return heard > openedAt && now - heard >= QUIET_MS;
}

export interface Looks {
  readonly looked: readonly string[];
  /** Heard of since the opening. */
  readonly looking: readonly string[];
  readonly silent: readonly string[];
  /** That the restored tables do not have: they joined since, and hold nothing. The service notes nothing of them. */
  readonly unknown: readonly string[];
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
  readonly closed: ClosedTime;
  readonly at: number;
}

export function looksOf({ before, dead, now, without, closed, at }: LookedFor): Looks {
  const byId = new Map(now.map((node) => [node.node, node]));
  const meant = new Set([...before, ...now.flatMap(({ node, alive }) => (alive ? [node] : []))]);
  const groups = { looked: [] as string[], looking: [] as string[], silent: [] as string[], unknown: [] as string[] };
  for (const id of [...meant].sort()) {
    if (without.has(id)) continue;
    const node = byId.get(id);
    const heard = Date.parse(node?.heartbeatAt ?? '') > closed.openedAt;
    // Nothing of a dead one runs any more, unless it speaks.
    if (dead.includes(id) && !heard) continue;
    if (node === undefined) groups.unknown.push(id);
    else if (hasLooked(node, closed, at)) groups.looked.push(id);
    else groups[heard ? 'looking' : 'silent'].push(id);
  }
  return groups;
}
