/** The Node object: one condition and one taint of it are ours, and nothing else of it is touched. */
import { shownText } from '../../core/contract/shown-text.ts';
import { isObject } from '../machine/json.ts';
import type { KubernetesApi, KubernetesReply } from './api.ts';

/**
 * True is a problem, as with MemoryPressure and the conditions of node-problem-detector: whoever looks for a condition other than
 * Ready that is True finds it.
 */
export const CONDITION = 'LessorNoAddresses';
/** Never NoExecute: pods that run have their addresses. */
export const TAINT = { key: 'lessor.dev/no-addresses', effect: 'NoSchedule' } as const;

export interface Condition {
  readonly status: 'True' | 'False';
  /** One word in CamelCase. */
  readonly reason: string;
  readonly message: string;
}

export interface Taint {
  readonly key: string;
  readonly effect: string;
  readonly [field: string]: unknown;
}

/** What is looked at of a Node. */
export interface KeptNode {
  readonly uid: string | undefined;
  readonly resourceVersion: string;
  readonly taints: readonly Taint[];
  /** Ours. */
  readonly condition: { readonly status: unknown; readonly lastTransitionTime: unknown } | undefined;
}

export type NotDone = Exclude<KubernetesReply, { readonly kind: 'done' }>;
export type NodeAnswer = { readonly kind: 'done'; readonly node: KeptNode } | NotDone;

export interface NodeObject {
  read(): Promise<NodeAnswer>;
  /** @param before what the node is known to have @param at milliseconds since 1970 */
  setCondition(condition: Condition, before: KeptNode, at: number): Promise<NodeAnswer>;
  removeCondition(): Promise<NodeAnswer>;
  /** Reads the node, and changes it where the taint is not as it is to be. */
  setTaint(present: boolean): Promise<NodeAnswer>;
}

export const isTainted = ({ taints }: Pick<KeptNode, 'taints'>): boolean => taints.some(isOurs);

/** One with the same key and another effect is somebody else's. */
const isOurs = ({ key, effect }: Taint): boolean => key === TAINT.key && effect === TAINT.effect;

/** Others change the node between our read and our patch; kubelet does so every few minutes. */
const MOST_TRIES = 5;

const STRATEGIC = 'application/strategic-merge-patch+json';

export function nodeObject(api: KubernetesApi, name: string): NodeObject {
  const path = `/api/v1/nodes/${encodeURIComponent(name)}`;
  const looked = async (asking: Promise<KubernetesReply>): Promise<NodeAnswer> => {
    const reply = await asking;
    if (reply.kind !== 'done') return reply;
    const node = viewOf(reply.object);
    return node === undefined
      ? { kind: 'unanswered', why: 'it answered with what is no Node' }
      : { kind: 'done', node };
  };
  const patch = (to: string, body: unknown) =>
    looked(api.ask({ method: 'PATCH', path: to, body, contentType: STRATEGIC }));
  const read = () => looked(api.ask({ method: 'GET', path }));
  return {
    read,
    async setCondition(condition, before, at) {
      // Conditions are merged by type: those of kubelet stay as they are, whatever it writes meanwhile.
      const say = (known: KeptNode) =>
        patch(`${path}/status`, { status: { conditions: [conditionFor(condition, known, at)] } });
      const said = await say(before);
      // A node that was made anew by the same name had none whose time could stay.
      return said.kind === 'done' && !isDated(said.node.condition) ? say(said.node) : said;
    },
    removeCondition: () => patch(`${path}/status`, { status: { conditions: [{ $patch: 'delete', type: CONDITION }] } }),
    async setTaint(present) {
      for (let tries = 1; ; tries += 1) {
        const found = await read();
        if (found.kind !== 'done' || isTainted(found.node) === present) return found;
        const { resourceVersion, taints } = found.node;
        const others = taints.filter((taint) => !isOurs(taint));
        // Taints are replaced as a whole: with the version that was read, no taint that came meanwhile is lost.
        const body = { metadata: { resourceVersion }, spec: { taints: present ? [...others, TAINT] : others } };
        const changed = await patch(path, body);
        const isConflict = changed.kind === 'refused' && changed.status === 409;
        if (!isConflict || tries === MOST_TRIES) return changed;
      }
    },
  };
}

/** API conventions: lastTransitionTime is when the status became another one. */
function conditionFor({ status, reason, message }: Condition, { condition: before }: KeptNode, at: number) {
  const time = timeText(at);
  const since = before?.status === status && isDated(before) ? {} : { lastTransitionTime: time };
  return { type: CONDITION, status, reason, message: shownText(message), lastHeartbeatTime: time, ...since };
}

const isDated = (condition: KeptNode['condition']): boolean => typeof condition?.lastTransitionTime === 'string';

/** Meta/v1's Time has no fractions of a second. */
export const timeText = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`;

function viewOf({ metadata, spec, status }: Readonly<Record<string, unknown>>): KeptNode | undefined {
  if (!isObject(metadata) || typeof metadata.resourceVersion !== 'string') return undefined;
  const taints = isObject(spec) && Array.isArray(spec.taints) ? spec.taints : [];
  const conditions = isObject(status) && Array.isArray(status.conditions) ? status.conditions : [];
  const ours = conditions.find((one) => isObject(one) && one.type === CONDITION);
  return {
    uid: typeof metadata.uid === 'string' ? metadata.uid : undefined,
    resourceVersion: metadata.resourceVersion,
    taints: taints.filter((one): one is Taint => isObject(one) && typeof one.key === 'string'),
    condition: ours && { status: ours.status, lastTransitionTime: ours.lastTransitionTime },
  };
}
