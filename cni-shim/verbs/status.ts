/**
 * STATUS: whether an ADD could be given an address (CNI specification, section 4). Runtimes ask every few seconds, so a node
 * that can tell by itself does, and else the service is asked once in 30 s whoever asks: its verdict is kept in
 * the journal.
 */
import { type Denied, outcomeOf } from '../api/call-outcome.ts';
import { isObject, parseJson } from '../machine/json.ts';
import { notReady } from '../machine/refusal.ts';
import { slotName } from '../node/journal-entry.ts';
import { proposals } from '../node/propose.ts';
import type { NetworkPlugin } from './assemble.ts';

interface Verdict {
  readonly request: string;
  /** Milliseconds since 1970: when the service was asked. */
  readonly at: number;
  /** Absent where an address can be had. */
  readonly why?: string;
  readonly remedy?: string;
}

const ASKED_AGAIN_AFTER_MS = 30_000;
const LOOKED_AGAIN_AFTER_MS = 100;

/** @throws CniRefusal code 50 */
export async function status(asking: NetworkPlugin): Promise<void> {
  if (hasRoomOfItsOwn(asking)) return;
  const { why, remedy } = await verdict(asking);
  if (why !== undefined) throw notReady(why, remedy ?? 'see the pool');
}

/** A block of this node has a slot that nobody here uses. */
function hasRoomOfItsOwn({ surroundings, records, choices }: NetworkPlugin): boolean {
  const names = new Set(records.journal.slotNames());
  return choices.all().some((pool) => {
    const cache = records.cacheOf(pool);
    if (cache?.pool.affinity !== 'node') return false;
    for (const slot of proposals(cache, surroundings.now())) if (!names.has(slotName(slot))) return true;
    return false;
  });
}

async function verdict(asking: NetworkPlugin): Promise<Verdict> {
  const { surroundings, records, network, labels } = asking;
  const { now, sleep } = surroundings;
  const row = `verdict ${network.name}`;
  const lock = `verdict asked ${network.name}`;
  const request = JSON.stringify({ pool: network.pool, labels });
  for (;;) {
    const last = readVerdict(records.meta(row), request);
    if (last !== undefined && last.at <= now() && now() - last.at < ASKED_AGAIN_AFTER_MS) return last;
    // One process asks; the others wait for what it is told, or until it has been gone for long.
    const isFirst = records.changeMeta(lock, (since) => {
      const isAsked = since !== undefined && Math.abs(now() - Number(since)) <= ASKED_AGAIN_AFTER_MS;
      return isAsked ? since : String(now());
    });
    if (isFirst) {
      try {
        const fresh = await ask(asking, request);
        records.setMeta(row, JSON.stringify(fresh));
        return fresh;
      } finally {
        records.setMeta(lock, undefined);
      }
    }
    await sleep(LOOKED_AGAIN_AFTER_MS);
  }
}

async function ask({ surroundings, network, labels, api }: NetworkPlugin, request: string): Promise<Verdict> {
  const at = surroundings.now();
  const named = Object.keys(labels).length === 0 ? {} : { labels };
  const outcome = await outcomeOf(api.brief.readiness({ pool: network.pool, ...named }));
  if (outcome.kind !== 'granted') return { request, at, ...whyNot(outcome) };
  const { answer } = outcome;
  if (answer === undefined || answer.ready) return { request, at };
  return { request, at, why: answer.detail ?? answer.code ?? 'no address can be had', remedy: 'see the pool' };
}

function whyNot({ kind, error }: Denied): Pick<Verdict, 'why' | 'remedy'> {
  // An older service does not know the question, but it answers.
  if (error.code === 'route.unknown') return {};
  const otherwise = kind === 'unanswered' ? 'repeat later; see the alarms of the service' : 'see the configuration';
  return { why: error.what, remedy: error.remedy ?? otherwise };
}

function readVerdict(text: string | undefined, request: string): Verdict | undefined {
  const read = parseJson(text ?? '');
  if (!isObject(read) || read.request !== request || typeof read.at !== 'number') return undefined;
  const { at, why, remedy } = read;
  return {
    request,
    at,
    ...(typeof why === 'string' ? { why } : {}),
    ...(typeof remedy === 'string' ? { remedy } : {}),
  };
}
