/** The runtime's own list of sandboxes, as `crictl pods -o json` writes it. Their ids are those that plugins are given. */
import type { Pod } from '../../core/contract/ids.ts';
import { isObject, parseJson } from '../machine/json.ts';
import { refusal } from '../machine/refusal.ts';
import type { OtherAllocation } from './allocation.ts';
import { textIn } from './kubernetes-list.ts';

/** As long as an ADD may be under way, whose sandbox the runtime does not list yet: kubelet gives one up after four minutes. */
const ADD_TAKES_MS = 300_000;

export interface SandboxList {
  find(containerId: string): { readonly pod: Pod | undefined } | undefined;
  /** Whether the list was made so long after the allocation that its ADD was over: then what is not in it is over. */
  isAfter(allocation: Pick<OtherAllocation, 'writtenAt'>): boolean;
}

/** @param madeAt milliseconds since 1970, by this machine's clock; undefined where that is not known @throws LessorError `request.invalid` */
export function sandboxesIn(text: string, where: string, madeAt: number | undefined): SandboxList {
  const read = parseJson(text);
  const items = isObject(read) ? read.items : undefined;
  if (!Array.isArray(items) || !items.every((item) => isObject(item) && typeof item.id === 'string'))
    throw refusal('request.invalid', `${where} is no list of sandboxes`, 'write it with crictl pods -o json');
  const byId = new Map(
    items.map((item: Record<string, unknown>) => [String(item.id), { pod: podIn(item.metadata) }] as const),
  );
  return {
    find: (containerId) => byId.get(containerId),
    isAfter: ({ writtenAt }) => madeAt !== undefined && writtenAt !== undefined && writtenAt < madeAt - ADD_TAKES_MS,
  };
}

function podIn(metadata: unknown): Pod | undefined {
  if (!isObject(metadata)) return undefined;
  const [namespace, name, uid] = ['namespace', 'name', 'uid'].map((field) => textIn(metadata, field));
  if (namespace === undefined || name === undefined) return undefined;
  return { namespace, name, ...(uid === undefined ? {} : { uid }) };
}
