/** When the blocks of a dead node are gone through: at once, and again since a request of it may arrive late. */
import type { DeathRecord } from '../../../core/protocol/node.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** After the declaration. Only a leak depends on it (I9). */
const LOOKS_MS = [5 * MINUTE_MS, HOUR_MS, DAY_MS, 7 * DAY_MS];
/** A death that is as old, and was swept since, is concluded. */
export const CONCLUDED_AFTER_MS = 7 * DAY_MS;

/** Milliseconds since 1970, 0 for at once; undefined where it is concluded, or was withdrawn. */
export function dueAt({ declaredAt, sweptAt, withdrawn, retryAt = 0 }: DeathRecord): number | undefined {
  if (withdrawn) return undefined;
  if (sweptAt === undefined) return retryAt;
  const look = LOOKS_MS.find((after) => declaredAt + after > sweptAt);
  return look === undefined ? undefined : Math.max(declaredAt + look, retryAt);
}

/** When a sweep that failed is tried again: after as long as it was tried in vain, within limits. */
export const retryAfterFailure = ({ declaredAt }: DeathRecord, now: number): number =>
  now + Math.min(Math.max(now - declaredAt, LOOKS_MS[0] as number), DAY_MS);

/** New ones first, then the longest due. */
export function dueDeaths(deaths: readonly DeathRecord[], now: number): DeathRecord[] {
  return deaths
    .map((death) => ({ death, at: dueAt(death) }))
    .filter((one): one is { death: DeathRecord; at: number } => one.at !== undefined && one.at <= now)
    .sort((a, b) => a.at - b.at || a.death.declaredAt - b.death.declaredAt)
    .map(({ death }) => death);
}
