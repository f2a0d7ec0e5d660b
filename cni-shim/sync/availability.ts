/**
 * Whether an ADD could be given an address here. A node that can tell by itself does; else the service is asked, once in 30 s
 * whoever wants to know: its verdict is kept in the journal.
 */
import { outcomeOf } from '../api/call-outcome.ts';
import type { Calls } from '../api/client.ts';
import { textsOf } from '../api/refusals.ts';
import type { PoolRequest } from '../cni/pool-request.ts';
import { isObject, parseJson } from '../machine/json.ts';
import type { Surroundings } from '../machine/surroundings.ts';
import { slotName } from '../node/journal-entry.ts';
import type { NodeRecords } from '../node/node-records.ts';
import type { PoolChoices } from '../node/pool-choices.ts';
import { candidatesOf } from '../node/propose.ts';

export interface Availability {
  readonly request: string;
  /** Milliseconds since 1970: when the service was asked. */
  readonly at: number;
  /** Absent where an address can be had. */
  readonly why?: string;
  readonly remedy?: string;
  /** The problem's, where there is one. */
  readonly code?: string;
}

export interface AskingNetwork {
  readonly surroundings: Pick<Surroundings, 'now' | 'sleep'>;
  readonly records: NodeRecords;
  readonly api: Pick<Calls, 'readiness'>;
  /** The network. */
  readonly name: string;
  readonly pool: PoolRequest;
  readonly labels: Readonly<Record<string, string>>;
}

const ASKED_AGAIN_AFTER_MS = 30_000;
const LOOKED_AGAIN_AFTER_MS = 100;
/** Where nobody named one. */
export const NO_REMEDY =
  'an ADD fails for the same reason: correct the configuration, or have an operator see to the pool';

/** A block of this node has a slot that nobody here uses. */
export function hasRoomOfItsOwn(
  { surroundings, records }: Pick<AskingNetwork, 'surroundings' | 'records'>,
  choices: PoolChoices,
): boolean {
  const names = new Set(records.journal.slotNames());
  return choices.all().some((pool) => {
    const cache = records.cacheOf(pool);
    if (cache?.pool.affinity !== 'node') return false;
    for (const slot of candidatesOf(cache, surroundings.now())) if (!names.has(slotName(slot))) return true;
    return false;
  });
}

export async function verdict(asking: AskingNetwork): Promise<Availability> {
  const { surroundings, records, name, pool, labels } = asking;
  const { now, sleep } = surroundings;
  const row = `verdict ${name}`;
  const lock = `verdict asked ${name}`;
  const request = JSON.stringify({ pool, labels });
  for (;;) {
    const last = readAvailability(records.meta(row), request);
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

async function ask({ surroundings, pool, labels, api }: AskingNetwork, request: string): Promise<Availability> {
  const at = surroundings.now();
  const named = Object.keys(labels).length === 0 ? {} : { labels };
  const outcome = await outcomeOf(api.readiness({ pool, ...named }));
  if (outcome.kind !== 'granted') {
    const { kind, error } = outcome;
    // An older service does not know the question, but it answers.
    if (error.code === 'route.unknown') return { request, at };
    const remedy = error.remedy ?? (kind === 'unanswered' ? 'the runtime will ask again' : NO_REMEDY);
    return { request, at, why: error.what, remedy, code: error.code };
  }
  const { answer } = outcome;
  if (answer === undefined || answer.ready) return { request, at };
  const { what, remedy } = textsOf(answer) ?? { what: answer.code ?? 'no address can be had' };
  const { code } = answer;
  return {
    request,
    at,
    why: what,
    ...(remedy === undefined ? {} : { remedy }),
    ...(code === undefined ? {} : { code }),
  };
}

function readAvailability(text: string | undefined, request: string): Availability | undefined {
  const read = parseJson(text ?? '');
  if (!isObject(read) || read.request !== request || typeof read.at !== 'number') return undefined;
  const { at, why, remedy, code } = read;
  return {
    request,
    at,
    ...(typeof why === 'string' ? { why } : {}),
    ...(typeof remedy === 'string' ? { remedy } : {}),
    ...(typeof code === 'string' ? { code } : {}),
  };
}
