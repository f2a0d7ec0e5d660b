/**
 * Which nodes are dead because they are silent: only in clusters for which the deployment says so, and only where the silence can be
 * nobody's but theirs. Each guard errs on the side of declaring nothing.
 */
import { isOwnInstance, type ListedNode, type ServiceWatch } from '../../../core/protocol/node.ts';

const MINUTE_MS = 60_000;
/** Agents say that they are up every ten minutes: who lives was heard of since, though two heartbeats were lost. */
const LATELY_MS = 30 * MINUTE_MS;
/** With whom those heard of lately are compared: who was heard of in a day. */
const USUALLY_MS = 24 * 60 * MINUTE_MS;
/** Of a cluster's nodes as many are declared dead in one run, at most, but one in any case. */
const SHARE = 0.1;

export interface ClusterSilence {
  readonly cluster: string;
  /** So long a node of it has to be silent. */
  readonly afterMs: number;
  /** Whose present life is not over. */
  readonly nodes: number;
  readonly heardLately: number;
  /** Those that may be declared dead, the longest silent first. */
  readonly silent: readonly ListedNode[];
  /** Those that are silent for as long, and why they are spared. */
  readonly spared: readonly { readonly node: ListedNode; readonly because: string }[];
  /** How many are declared dead in one run, at most. */
  readonly eachRun: number;
  /** Those of them that are declared dead in this run. */
  readonly declared: readonly ListedNode[];
  /** Why no other is. */
  readonly because?: string;
}

export interface Silence {
  readonly clusters: readonly ClusterSilence[];
  /** Whether the silence is ours: then nobody is declared dead, and the watch begins anew. */
  readonly ours?: string;
}

export interface WholeList {
  readonly nodes: readonly ListedNode[];
  /** False where the time did not suffice for all of them. */
  readonly complete: boolean;
}

/** What is looked at before a node is declared dead. */
interface Circumstances {
  readonly complete: boolean;
  /** All nodes whose life is not over, and those of them that are of the cluster. */
  readonly alive: readonly ListedNode[];
  readonly own: readonly ListedNode[];
  /** Since when the service has watched without a gap. */
  readonly since: number;
  readonly after: number;
  readonly now: number;
}

/** Each says why nothing is to be declared. Those that come first are about the service itself. */
const ofService = {
  wholeList: ({ complete }: Circumstances) => (complete ? undefined : 'the list of nodes was not read to its end'),
  somebodyHeard: ({ alive, now }: Circumstances) =>
    heardSince(alive, now - LATELY_MS) > 0 ? undefined : 'no node at all was heard of in the last 30 minutes',
  asManyAsUsual: ({ alive, now }: Circumstances) =>
    isHalf(alive, now) ? undefined : 'much fewer nodes than usual were heard of in the last 30 minutes',
} as const;
const ofCluster = {
  watchedSoLong: ({ since, after, now }: Circumstances) =>
    now - since >= after
      ? undefined
      : `the service has watched without a gap only since ${new Date(since).toISOString()}, which is not as long`,
  // Not only of those that were heard of in a day: a cluster that is cut off stays so although the day is over.
  clusterHeard: ({ own, now }: Circumstances) =>
    heardSince(own, now - LATELY_MS) * 2 >= own.filter(saidItWasUp).length
      ? undefined
      : 'most of the cluster is silent: it may be cut off',
} as const;
function saidItWasUp({ heartbeatAt, lifeAt }: ListedNode): boolean {
  return heartbeatAt !== undefined && heartbeatAt > lifeAt;
}
/** What else the guards of a node go by. */
interface Around {
  readonly before: number;
  /** Whether EC2 is asked for the instances of nodes. */
  readonly asksEc2: boolean;
}
/** Each holds of a node that is declared dead. */
const ofNode = {
  saidItWasUp,
  silentSoLong: ({ heartbeatAt = 0 }: ListedNode, { before }: Around) => heartbeatAt < before,
  unknownToEc2: ({ instance, knownToEc2At }: ListedNode) =>
    knownToEc2At === undefined && (instance === undefined || instance.state === 'not-found'),
  // That EC2 does not know an instance is only known of those for which it was asked.
  ec2WasAsked: ({ id, instance }: ListedNode, { asksEc2 }: Around) =>
    !asksEc2 || instance !== undefined || !isOwnInstance(id),
} as const;
/** Why a node that is silent is spared, by the guard. */
const spares: Partial<Record<keyof typeof ofNode, string>> = {
  saidItWasUp: 'it never said that it is up, and may have no agent',
  unknownToEc2: 'EC2 knows it, and tells when it is gone',
  ec2WasAsked: 'EC2 was not asked for it yet: the hourly look does that',
};
/** By their names, so that a test can take one away. */
export const silenceGuards = { ofService, ofCluster, ofNode };

type Guards = {
  readonly ofService: Partial<typeof ofService>;
  readonly ofCluster: Partial<typeof ofCluster>;
  readonly ofNode: Partial<typeof ofNode>;
};

/**
 * @param afterMs by cluster
 * @param watch since when the service has watched without a gap
 */
export function judgeSilence(
  { nodes, complete }: WholeList,
  afterMs: ReadonlyMap<string, number>,
  { since, now }: { readonly since: number; readonly now: number },
  { asksEc2, guards = silenceGuards }: { readonly asksEc2: boolean; readonly guards?: Guards },
): Silence {
  const alive = nodes.filter((node) => node.alive);
  const refusal = (all: Guards['ofService' | 'ofCluster'], circumstances: Circumstances): string | undefined =>
    Object.values(all)
      .map((guard) => guard(circumstances))
      .find((because) => because !== undefined);
  const ours = refusal(guards.ofService, { complete, alive, own: alive, since, after: 0, now });
  const clusters = [...afterMs].map(([cluster, after]) => {
    const own = alive.filter((node) => node.cluster === cluster);
    const around = { before: now - after, asksEc2 };
    const failing = (node: ListedNode) => Object.entries(guards.ofNode).find(([, holds]) => !holds(node, around))?.[0];
    const silent = own
      .filter((node) => failing(node) === undefined)
      .sort((a, b) => (a.heartbeatAt ?? 0) - (b.heartbeatAt ?? 0));
    const spared = own
      .filter((node) => ofNode.silentSoLong(node, around))
      .flatMap((node) => {
        const why = spares[failing(node) as keyof typeof ofNode];
        return why === undefined ? [] : [{ node, because: why }];
      });
    const because = ours ?? refusal(guards.ofCluster, { complete, alive, own, since, after, now });
    const eachRun = Math.max(1, Math.floor(own.length * SHARE));
    const most = because === undefined ? eachRun : 0;
    return {
      ...{ cluster, afterMs: after, nodes: own.length, heardLately: heardSince(own, now - LATELY_MS) },
      ...{ silent, spared, eachRun, declared: silent.slice(0, most) },
      ...(because === undefined ? moreOf(silent.length - most) : { because }),
    };
  });
  return { clusters, ...(ours === undefined ? {} : { ours }) };
}

const moreOf = (more: number) => (more > 0 ? { because: `${more} more wait for the next runs` } : {});

const heardSince = (nodes: readonly ListedNode[], since: number): number =>
  nodes.filter(({ heartbeatAt = 0 }) => heartbeatAt >= since).length;

/** Of those that were heard of in a day, at least half were lately. */
const isHalf = (nodes: readonly ListedNode[], now: number): boolean =>
  heardSince(nodes, now - LATELY_MS) * 2 >= heardSince(nodes, now - USUALLY_MS);

/** Runs are 5 minutes apart: after a longer gap nobody knows whether nodes could have been heard. */
const GAP_MS = 15 * MINUTE_MS;

/** The watch goes on where it has no gap. */
export const watchSince = (watch: ServiceWatch | undefined, now: number): number =>
  watch === undefined || now - watch.at > GAP_MS ? now : watch.since;
