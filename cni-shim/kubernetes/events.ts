/** The events of one node: what is the same is counted in one, and few are sent. */
import type { KubernetesApi, KubernetesReply } from './api.ts';
import {
  countIn,
  type EventObject,
  type Happening,
  isGone,
  isRefusedForItself,
  keyOf,
  nameOf,
  writeEvent,
} from './event-object.ts';

/** `idle`: there was nothing to send. */
export type EventsSent = { readonly kind: 'done' | 'idle' } | Exclude<KubernetesReply, { readonly kind: 'done' }>;

export interface EventLog {
  /** Counts it. Nothing is sent: never waits. */
  note(happening: Happening): void;
  /** Sends what may be sent now, one after another, until one is not taken. */
  send(): Promise<EventsSent>;
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
} as const;

type Kept = { -readonly [field in keyof EventObject]: EventObject[field] } & { sentAt: number };

/** @param reporter the node on which this is */
export function eventLog(api: KubernetesApi, reporter: string, now: () => number): EventLog {
  const kept = new Map<string, Kept>();
  const counts = { sent: 0, dropped: 0 };
  const mayBeSent = bucket(now);
  const isDue = ({ pending, written, sentAt }: Kept) =>
    pending > 0 && (written === 0 || Math.abs(now() - sentAt) >= eventLimits.againMs);

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
        const reply = await writeEvent(api, one, reporter);
        if (isGone(reply) || isRefusedForItself(reply, isSent)) {
          kept.delete(key);
          counts.dropped += pending;
          continue;
        }
        if (reply.kind !== 'done') {
          // The others come before it the next time: what one namespace does not take is not theirs to wait for.
          kept.delete(key);
          kept.set(key, one);
          return reply;
        }
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
