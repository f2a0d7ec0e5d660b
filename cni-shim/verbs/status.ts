/**
 * STATUS: whether an ADD can be carried out here (CNI specification, section 4). Kubernetes evicts what runs on a node whose
 * network is not ready, so by itself only a node that cannot work at all is not: what is full, drained or out of reach passes.
 * A network may ask for the specification's strict reading, whether an ADD could be given an address. Runtimes ask every few
 * seconds, so a node that can tell by itself does, and else the service is asked once in 30 s whoever asks: its verdict is kept
 * in the journal.
 */

import { LessorError } from '../../core/contract/problems.ts';
import { type Denied, outcomeOf } from '../api/call-outcome.ts';
import { textsOf } from '../api/refusals.ts';
import type { NetworkConfiguration } from '../cni/network-configuration.ts';
import { storageError } from '../cni/result.ts';
import { isFileError, tryToWrite } from '../machine/files.ts';
import { isObject, parseJson } from '../machine/json.ts';
import { notReady } from '../machine/refusal.ts';
import { slotName } from '../node/journal-entry.ts';
import { candidatesOf } from '../node/propose.ts';
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
const WRITTEN_ROW = 'status asked';
/** Where nobody named one. */
const NO_REMEDY = 'an ADD fails for the same reason: correct the configuration, or have an operator see to the pool';

/** @throws CniRefusal code 50 */
export async function status({ status: asks }: NetworkConfiguration, assembled: () => NetworkPlugin): Promise<void> {
  const asking = await workable(assembled);
  if (asks !== 'capacity' || hasRoomOfItsOwn(asking)) return;
  const { why, remedy } = await verdict(asking);
  if (why !== undefined) throw notReady(why, remedy ?? NO_REMEDY);
}

/** There is a configuration, the journal can be written, and there are credentials: without these no ADD ever succeeds. */
async function workable(assembled: () => NetworkPlugin): Promise<NetworkPlugin> {
  try {
    const plugin = assembled();
    ensureWritable(plugin);
    await plugin.credentials.get({ fresh: false });
    return plugin;
  } catch (thrown) {
    const error = isFileError(thrown) ? storageError(thrown) : thrown;
    if (!(error instanceof LessorError)) throw error;
    throw notReady(error.what, error.remedy ?? NO_REMEDY);
  }
}

function ensureWritable({ records, dataDir, surroundings: { files, now } }: NetworkPlugin): void {
  // Only an ADD makes a journal: while there is none, a DEL asks the service.
  if (records.knownJournalId === undefined) tryToWrite(files, dataDir);
  else for (const value of [String(now()), undefined]) records.setMeta(WRITTEN_ROW, value);
}

/** A block of this node has a slot that nobody here uses. */
function hasRoomOfItsOwn({ surroundings, records, choices }: NetworkPlugin): boolean {
  const names = new Set(records.journal.slotNames());
  return choices.all().some((pool) => {
    const cache = records.cacheOf(pool);
    if (cache?.pool.affinity !== 'node') return false;
    for (const slot of candidatesOf(cache, surroundings.now())) if (!names.has(slotName(slot))) return true;
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
  const { what, remedy } = textsOf(answer) ?? { what: answer.code ?? 'no address can be had' };
  return { request, at, why: what, ...(remedy === undefined ? {} : { remedy }) };
}

function whyNot({ kind, error }: Denied): Pick<Verdict, 'why' | 'remedy'> {
  // An older service does not know the question, but it answers.
  if (error.code === 'route.unknown') return {};
  const remedy = error.remedy ?? (kind === 'unanswered' ? 'the runtime will ask again' : NO_REMEDY);
  return { why: error.what, remedy };
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
