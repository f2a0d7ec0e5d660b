/**
 * An event of core/v1, as kubelet writes them: one object for what is the same, whose count and time are patched. `kubectl describe`
 * asks for these, and shows what is written by events.k8s.io/v1 as well: both are one object with two names for its fields
 * (kubernetes, pkg/apis/events/v1/conversion.go).
 */
import { createHash } from 'node:crypto';
import { shownText } from '../../core/contract/shown-text.ts';
import type { KubernetesApi, KubernetesReply } from './api.ts';
import { timeText } from './node-object.ts';

export interface About {
  readonly kind: 'Pod' | 'Node';
  readonly name: string;
  /** Of pods. */
  readonly namespace?: string;
  readonly uid?: string | undefined;
}

export interface Happening {
  readonly about: About;
  readonly type: 'Warning' | 'Normal';
  /** One word in CamelCase. */
  readonly reason: string;
  readonly message: string;
  /** Tells it from others of the same reason about the same object. */
  readonly which?: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** One event object. */
export interface EventObject {
  readonly name: string;
  /** The latest of them. */
  readonly happening: Happening;
  readonly firstAt: number;
  /** Its count, as the API has it; 0 where it has none. */
  readonly written: number;
  /** Times since then. */
  readonly pending: number;
}

/** kubernetes, pkg/apis/core/validation/events.go: NoteLengthLimit */
const LONGEST_MESSAGE = 1_024;

export async function writeEvent(api: KubernetesApi, one: EventObject, reporter: string): Promise<KubernetesReply> {
  const { written, pending } = one;
  if (written > 0) {
    const changed = await patch(api, one, written + pending);
    // The API forgets events after an hour.
    if (changed.kind !== 'refused' || changed.status !== 404) return changed;
  }
  const made = await create(api, one, reporter);
  if (made.kind !== 'refused' || made.reason !== 'AlreadyExists') return made;
  // An agent before this one, or one beside it, wrote it.
  const before = await patch(api, one, undefined);
  return before.kind === 'done' ? patch(api, one, countIn(before) + pending) : before;
}

export const keyOf = ({ about: { kind, namespace = '', name, uid = '' }, reason, which = '' }: Happening): string =>
  [kind, namespace, name, uid, reason, which].join('\n');

/** A name may have 253 characters; of the object's own name as much as leaves room for a dot and 16 digits. */
const LONGEST_NAME = 236;

/** The same for the same event, whichever process writes it: an agent goes on with what one before it wrote. */
export const nameOf = (key: string, { about: { name } }: Happening): string =>
  `${name.slice(0, LONGEST_NAME).replace(/[^a-z0-9]+$/, '')}.${createHash('sha256').update(key).digest('hex').slice(0, 16)}`;

/** Nobody looks at the events of a namespace that is going. */
export const isGone = (reply: KubernetesReply): boolean =>
  reply.kind === 'refused' && (reply.status === 404 || reply.causes.includes('NamespaceTerminating'));

/** The object itself: whoever writes it, and however often. */
const OF_THE_OBJECT = [400, 413, 422];

/** @param isAnotherTaken others are, so that it is not for want of rights: a webhook of its namespace may refuse it */
export const isRefusedForItself = (reply: KubernetesReply, isAnotherTaken: boolean): boolean =>
  reply.kind === 'refused' && (OF_THE_OBJECT.includes(reply.status) || (isAnotherTaken && reply.status !== 401));

export const countIn = (reply: KubernetesReply): number =>
  reply.kind === 'done' && typeof reply.object.count === 'number' ? reply.object.count : 0;

/** A Node is in no namespace: its events are in the one called default. */
const namespaceOf = ({ namespace = 'default' }: About): string => namespace;
const pathOf = (about: About): string => `/api/v1/namespaces/${encodeURIComponent(namespaceOf(about))}/events`;
const shortened = ({ message }: Happening): string => shownText(message.slice(0, LONGEST_MESSAGE));

function create(api: KubernetesApi, { happening, firstAt, name, pending }: EventObject, reporter: string) {
  const { about, reason, type, at } = happening;
  const body = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace: namespaceOf(about) },
    involvedObject: {
      apiVersion: 'v1',
      kind: about.kind,
      name: about.name,
      ...(about.namespace === undefined ? {} : { namespace: about.namespace }),
      ...(about.uid === undefined ? {} : { uid: about.uid }),
    },
    type,
    reason,
    message: shortened(happening),
    source: { component: 'lessor', host: reporter },
    firstTimestamp: timeText(firstAt),
    lastTimestamp: timeText(at),
    count: pending,
    reportingComponent: 'lessor',
    reportingInstance: reporter,
  };
  return api.ask({ method: 'POST', path: pathOf(about), body });
}

function patch(api: KubernetesApi, { happening, name }: EventObject, count: number | undefined) {
  const body = {
    message: shortened(happening),
    lastTimestamp: timeText(happening.at),
    ...(count === undefined ? {} : { count }),
  };
  const path = `${pathOf(happening.about)}/${encodeURIComponent(name)}`;
  return api.ask({ method: 'PATCH', path, body, contentType: 'application/strategic-merge-patch+json' });
}
