/** What the agent told Kubernetes last, in the journal: for `lessor status`, and for an agent that does not speak to Kubernetes any more. */

import { type Condition, TAINT } from '../kubernetes/node-object.ts';
import { isObject, parseJson } from '../machine/json.ts';
import type { NodeRecords } from '../node/node-records.ts';

export interface KubernetesStatus {
  /** As the cluster calls it. */
  readonly node: string;
  /** The condition, as far as it was taken. */
  readonly condition?: Condition;
  readonly tainted: boolean;
  /** Of this process. */
  readonly events: { readonly sent: number; readonly dropped: number };
  /** Why the Kubernetes API does not take what this node says. */
  readonly trouble?: string;
}

const ROW = 'kubernetes';

/** Not where there is no journal: one that an agent made would count as one that knows every container of this boot. */
export function noteKubernetesStatus(
  { knownJournalId, meta, setMeta }: NodeRecords,
  status: KubernetesStatus | undefined,
): void {
  if (knownJournalId === undefined) return;
  const text = status && JSON.stringify(status);
  if (meta(ROW) !== text) setMeta(ROW, text);
}

export function kubernetesStatus({ meta }: Pick<NodeRecords, 'meta'>): KubernetesStatus | undefined {
  const read = parseJson(meta(ROW) ?? '');
  if (!isObject(read) || typeof read.node !== 'string' || !isObject(read.events)) return undefined;
  return read as unknown as KubernetesStatus;
}

export const untaintCommand = ({ node }: Pick<KubernetesStatus, 'node'>): string =>
  `kubectl taint nodes ${node} ${TAINT.key}:${TAINT.effect}-`;
