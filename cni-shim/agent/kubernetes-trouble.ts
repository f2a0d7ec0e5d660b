/** Why the Kubernetes API does not take what the node says: one line when it begins, one when it is over, and pauses that grow. */
import { pauseOf } from '../../core/protocol/back-off.ts';
import type { NotDone } from '../kubernetes/node-object.ts';
import { dueBy } from './due.ts';
import type { Telling } from './tell-service.ts';

/** What may fail by itself, as rights may be given for one and not for another. */
export type SpokenPart = 'node' | 'events';

export interface KubernetesTrouble {
  /** Whether the part may be tried now. */
  isIt(part: SpokenPart): boolean;
  failed(part: SpokenPart, reply: NotDone): void;
  well(part: SpokenPart): void;
  /** Of any part; undefined where all is well. */
  why(): string | undefined;
}

const troubleTimes = { firstPauseMs: 10_000, longestPauseMs: 5 * 60_000 };

export function kubernetesTrouble(
  now: () => number,
  log: (...said: Parameters<Telling['log']>) => unknown,
): KubernetesTrouble {
  const parts = { node: attempts(now), events: attempts(now) };
  const wrong = new Map<SpokenPart, { readonly kind: string; readonly why: string }>();
  const isWrong = (kind: string) => [...wrong.values()].some((one) => one.kind === kind);
  return {
    isIt: (part) => parts[part].isIt(),
    failed(part, reply) {
      const pauseMs = parts[part].failed();
      const { kind, remedy } = kindOf(reply);
      const isNew = !isWrong(kind);
      wrong.set(part, { kind, why: reply.why });
      if (!isNew) return;
      log('warn', 'the Kubernetes API does not take what this node says', {
        why: reply.why,
        remedy,
        againInSeconds: pauseMs / 1000,
      });
    },
    well(part) {
      parts[part].well();
      const before = wrong.get(part);
      wrong.delete(part);
      if (before !== undefined && !isWrong(before.kind))
        log('info', 'the Kubernetes API takes what this node says again', { was: before.why });
    },
    why: () => [...wrong.values()][0]?.why,
  };
}

function attempts(now: () => number) {
  const due = dueBy(now);
  let failures = 0;
  return {
    isIt: due.isIt,
    well() {
      failures = 0;
    },
    failed(): number {
      const pause = pauseOf({ first: troubleTimes.firstPauseMs, longest: troubleTimes.longestPauseMs }, failures);
      failures += 1;
      due.in(pause);
      return pause;
    },
  };
}

function kindOf(reply: NotDone): { readonly kind: string; readonly remedy: string } {
  if (reply.kind === 'unanswered')
    return { kind: 'unanswered', remedy: 'look at the Kubernetes API; all else that the agent does goes on' };
  if (reply.status === 403)
    return {
      kind: 'denied',
      remedy:
        'give the service account the rights that the chart has with kubernetes.enabled, or switch it off; all else that the agent does goes on',
    };
  if (reply.status === 401)
    return { kind: 'unauthorized', remedy: 'look at the service account and its token; kubelet writes it anew' };
  if (reply.status === 404)
    return { kind: 'unknown', remedy: 'name the node as the cluster does: --name, or NODE_NAME in the environment' };
  return { kind: 'refused', remedy: 'look into the log of the Kubernetes API' };
}
