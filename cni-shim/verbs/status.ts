/**
 * STATUS: whether an ADD could be given an address (CNI specification, section 4). Runtimes ask every few seconds, so a node
 * that can tell by itself does, and else the service is asked once in 30 s whoever asks: its verdict is in
 * `status.json` of the network.
 */
import { isUnanswered, LessorError } from '../../core/contract/problems.ts';
import { nameFile, replaceFile } from '../machine/files.ts';
import { isObject, parseJson } from '../machine/json.ts';
import { notReady } from '../machine/refusal.ts';
import { slotName } from '../node/journal-entry.ts';
import { proposals } from '../node/propose.ts';
import type { NetworkPlugin } from './assemble.ts';

interface Verdict {
  readonly wish: string;
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
    const state = records.stateOf(pool);
    if (state?.pool.affinity !== 'node') return false;
    for (const slot of proposals(state, surroundings.now())) if (!names.has(slotName(slot))) return true;
    return false;
  });
}

async function verdict(asking: NetworkPlugin): Promise<Verdict> {
  const { surroundings, records, network, labels } = asking;
  const { files, now, sleep } = surroundings;
  const path = `${records.directory}/status.json`;
  const wish = JSON.stringify({ pool: network.pool, labels });
  for (;;) {
    const last = readVerdict(files.read(path), wish);
    if (last !== undefined && last.at <= now() && now() - last.at < ASKED_AGAIN_AFTER_MS) return last;
    // One process asks; the others wait for what it is told, or until it has been gone for long.
    const lock = `${records.directory}/status.asking`;
    const asked = files.read(lock);
    if (asked !== undefined && Math.abs(now() - Number(asked)) > ASKED_AGAIN_AFTER_MS) files.remove(lock);
    if (nameFile(files, lock, String(now()), records.journal.drafts)) {
      try {
        const fresh = await ask(asking, wish);
        replaceFile(files, path, JSON.stringify(fresh), records.journal.drafts);
        return fresh;
      } finally {
        files.remove(lock);
      }
    }
    await sleep(LOOKED_AGAIN_AFTER_MS);
  }
}

async function ask({ surroundings, network, labels, api }: NetworkPlugin, wish: string): Promise<Verdict> {
  const at = surroundings.now();
  const named = Object.keys(labels).length === 0 ? {} : { labels };
  try {
    const answer = await api.brief.readiness({ pool: network.pool, ...named });
    if (answer === undefined || answer.ready) return { wish, at };
    return { wish, at, why: answer.detail ?? answer.code ?? 'no address can be had', remedy: 'see the pool' };
  } catch (error) {
    if (!(error instanceof LessorError)) throw error;
    // An older service does not know the question, but it answers.
    if (error.code === 'route.unknown') return { wish, at };
    const { what: why, remedy = remedyFor(error) } = error;
    return { wish, at, why, remedy };
  }
}

const remedyFor = (error: LessorError): string =>
  isUnanswered(error) ? 'repeat later; see the alarms of the service' : 'see the configuration';

function readVerdict(text: string | undefined, wish: string): Verdict | undefined {
  const read = parseJson(text ?? '');
  if (!isObject(read) || read.wish !== wish || typeof read.at !== 'number') return undefined;
  const { at, why, remedy } = read;
  return {
    wish,
    at,
    ...(typeof why === 'string' ? { why } : {}),
    ...(typeof remedy === 'string' ? { remedy } : {}),
  };
}
