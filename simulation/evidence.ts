/**
 * What EC2 says of instances, and what may be made of it: only an instance that EC2 calls terminated, or that it does not know any
 * more although it did, and that is of this account. A stand-in of the same shape as the service's own sweep of instances.
 */
import { LessorError } from '../core/contract/problems.ts';
import type { Dependencies } from '../functions/use-cases/dependencies.ts';
import { deathNow, endLife } from '../functions/use-cases/nodes/declare-death.ts';
import type { Chance } from '../test/linearizability/chance.ts';

export type InstanceState = 'running' | 'stopped' | 'terminated';

export interface Cloud {
  launch(id: string, account: 'ours' | 'another'): void;
  becomes(id: string, state: InstanceState): void;
  accountOf(id: string): 'ours' | 'another';
  isRunning(id: string): boolean;
  /** What DescribeInstances answers in this account. @throws where it is throttled */
  describe(ids: readonly string[]): Promise<Described>;
}

export interface Described {
  readonly found: ReadonlyMap<string, InstanceState>;
  /** False where a page is missing. */
  readonly isWhole: boolean;
}

/** Of one node that is listed. */
export interface Sight {
  readonly isOurs: boolean;
  /** Undefined where it is not in the answer. */
  readonly state: InstanceState | undefined;
  /** Whether an earlier look found it. */
  readonly wasFound: boolean;
  readonly isWhole: boolean;
}
export type Judge = (sight: Sight) => boolean;

const isTerminated: Judge = ({ isOurs, state, wasFound, isWhole }) =>
  state === 'terminated' || (state === undefined && isWhole && isOurs && wasFound);

/** A terminated instance is shown for about an hour. */
const SHOWN_MS = 60 * 60_000;

export function cloudOf(chance: Chance, now: () => number): Cloud {
  const instances = new Map<string, { account: 'ours' | 'another'; state: InstanceState; since: number }>();
  return {
    launch: (id, account) => void instances.set(id, { account, state: 'running', since: now() }),
    becomes(id, state) {
      const instance = instances.get(id);
      if (instance) Object.assign(instance, { state, since: now() });
    },
    accountOf: (id) => instances.get(id)?.account ?? 'another',
    isRunning: (id) => instances.get(id)?.state === 'running',
    async describe(ids) {
      if (chance.happens(0.1))
        throw new LessorError('service.unavailable', 'EC2: RequestLimitExceeded', { remedy: 'wait' });
      const visible = ids.flatMap((id): [string, InstanceState][] => {
        const { account, state, since } = instances.get(id) ?? {};
        if (account !== 'ours' || state === undefined) return [];
        return state === 'terminated' && now() - Number(since) > SHOWN_MS ? [] : [[id, state]];
      });
      const isWhole = !chance.happens(0.2);
      return { isWhole, found: new Map(isWhole ? visible : visible.slice(0, visible.length / 2)) };
    },
  };
}

export interface Evidence {
  /** Declares the lives over of which there is evidence; which nodes'. */
  sweep(deps: Dependencies, nodes: readonly string[]): Promise<string[]>;
}

export function evidenceOf(cloud: Cloud, isDead: Judge = isTerminated): Evidence {
  const found = new Set<string>();
  return {
    async sweep(deps, nodes) {
      // The life before the look: what begins afterwards is not what was looked at.
      const lives = new Map<string, number>();
      for (const id of nodes) {
        const node = await deps.store.nodes.readNode(id);
        if (node?.alive) lives.set(id, node.incarnation);
      }
      const answer = await cloud.describe([...lives.keys()]);
      const declared: string[] = [];
      for (const [id, incarnation] of lives) {
        const isOurs = cloud.accountOf(id) === 'ours';
        const sight = { isOurs, state: answer.found.get(id), wasFound: found.has(id), isWhole: answer.isWhole };
        if (sight.state !== undefined) found.add(id);
        if (!isDead(sight)) continue;
        const said = { reason: 'EC2: terminated', declaredBy: 'evidence' };
        if (await endLife(deps, deathNow(deps, { id, incarnation }, said))) declared.push(id);
      }
      return declared;
    },
  };
}
