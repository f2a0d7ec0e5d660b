/**
 * Events of core/v1, as kubelet writes them: one object for what is the same, whose count and time are patched. `kubectl describe`
 * asks for these, and shows what is written by events.k8s.io/v1 as well: both are one object with two names for its fields
 * (kubernetes, pkg/apis/events/v1/conversion.go).
 */
import { createHash } from 'node:crypto';
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

/** `idle`: there was nothing to send. */
export type Sending = { readonly kind: 'done' | 'idle' } | Exclude<KubernetesReply, { readonly kind: 'done' }>;

export interface EventLog {
  /** Counts it. Nothing is sent: never waits. */
  note(happening: Happening): void;
  /** Sends what may be sent now, one after another, until one is not taken. */
  send(): Promise<Sending>;
  readonly counts: { readonly sent: number; readonly dropped: number };
}

export const eventLimits = {
  /** Of what happens again a node says so after so long, with how often it was. */
  againMs: 60_000,
  /** Sent at once where nothing was sent for long, and then one after so long: a full pool has kubelet try every few seconds. */
  burst: 25,
  refillMs: 10_000,
  /** Objects that are remembered. */
  most: 256,
  /** kubernetes, pkg/apis/core/validation/events.go: NoteLengthLimit */
  message: 1_024,
} as const;

/** One event object. */
interface Kept {
  /** The latest of them. */
  happening: Happening;
  readonly firstAt: number;
  readonly name: string;
  /** As the API has it; 0 where it has none. */
  written: number;
  /** Times since then. */
  pending: number;
  sentAt: number;
}

/** @param reporter the node on which this is */
export function eventLog(api: KubernetesApi, reporter: string, now: () => number): EventLog {
  const kept = new Map<string, Kept>();
  const counts = { sent: 0, dropped: 0 };
  const mayBeSent = bucket(now);
  const isDue = ({ pending, written, sentAt }: Kept) =>
    pending > 0 && (written === 0 || Math.abs(now() - sentAt) >= eventLimits.againMs);

  async function write(one: Kept): Promise<KubernetesReply> {
    const count = one.written + one.pending;
    if (one.written > 0) {
      const changed = await patch(api, one, count);
      if (changed.kind !== 'refused' || changed.status !== 404) return changed;
      // The API forgets events after an hour.
      one.written = 0;
    }
    const made = await create(api, one, reporter, one.pending);
    if (made.kind !== 'refused' || made.reason !== 'AlreadyExists') return made;
    // An agent before this one, or one beside it, wrote it.
    const before = await patch(api, one, undefined);
    if (before.kind !== 'done') return before;
    return patch(api, one, countIn(before) + one.pending);
  }

  return {
    counts,
    note(happening) {
      const key = keyOf(happening);
      const one = kept.get(key) ?? {
        name: nameOf(key, happening),
        firstAt: happening.at,
        happening,
        written: 0,
        pending: 0,
        sentAt: 0,
      };
      one.happening = happening;
      one.pending += 1;
      // The one that was noted last is the last to be forgotten.
      kept.delete(key);
      kept.set(key, one);
      if (kept.size <= eventLimits.most) return;
      const [[oldest, { pending }] = ['', { pending: 0 }]] = kept;
      kept.delete(oldest);
      counts.dropped += pending;
    },
    async send() {
      let isSent = false;
      for (const [key, one] of [...kept]) {
        if (!isDue(one)) continue;
        if (!mayBeSent()) break;
        const { pending } = one;
        const reply = await write(one);
        if (isGone(reply)) {
          kept.delete(key);
          counts.dropped += pending;
          continue;
        }
        if (reply.kind !== 'done') return reply;
        isSent = true;
        counts.sent += 1;
        one.written = Math.max(countIn(reply), 1);
        one.pending -= pending;
        one.sentAt = now();
      }
      return { kind: isSent ? 'done' : 'idle' };
    },
  };
}

const keyOf = ({ about: { kind, namespace = '', name, uid = '' }, reason, which = '' }: Happening): string =>
  [kind, namespace, name, uid, reason, which].join('\n');

/** A name may have 253 characters; of the object's own name as much as leaves room for a dot and 16 digits. */
const LONGEST_NAME = 236;

/** The same for the same event, whichever process writes it: an agent goes on with what one before it wrote. */
const nameOf = (key: string, { about: { name } }: Happening): string =>
  `${name.slice(0, LONGEST_NAME)}.${createHash('sha256').update(key).digest('hex').slice(0, 16)}`;

/** Nobody looks at the events of a namespace that is going. */
const isGone = (reply: KubernetesReply): boolean =>
  reply.kind === 'refused' && (reply.status === 404 || reply.causes.includes('NamespaceTerminating'));

const countIn = (reply: KubernetesReply): number =>
  reply.kind === 'done' && typeof reply.object.count === 'number' ? reply.object.count : 0;

function bucket(now: () => number): () => boolean {
  let [tokens, at] = [eventLimits.burst as number, now()];
  return () => {
    const since = Math.max(0, now() - at);
    tokens = Math.min(eventLimits.burst, tokens + since / eventLimits.refillMs);
    at = now();
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}

/** A Node is in no namespace: its events are in the one called default. */
const namespaceOf = ({ namespace = 'default' }: About): string => namespace;
const pathOf = (about: About): string => `/api/v1/namespaces/${encodeURIComponent(namespaceOf(about))}/events`;
const shortened = ({ message }: Happening): string => message.slice(0, eventLimits.message);

function create(api: KubernetesApi, { happening, firstAt, name }: Kept, reporter: string, count: number) {
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
    count,
    reportingComponent: 'lessor',
    reportingInstance: reporter,
  };
  return api.ask({ method: 'POST', path: pathOf(about), body });
}

function patch(api: KubernetesApi, { happening, name }: Kept, count: number | undefined) {
  const body = {
    message: shortened(happening),
    lastTimestamp: timeText(happening.at),
    ...(count === undefined ? {} : { count }),
  };
  const path = `${pathOf(happening.about)}/${encodeURIComponent(name)}`;
  return api.ask({ method: 'PATCH', path, body, contentType: 'application/strategic-merge-patch+json' });
}
