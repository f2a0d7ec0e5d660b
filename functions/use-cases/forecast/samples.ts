/** The use of each pool, hour by hour, of which forecasts are made. */
import { SAMPLED_DAYS } from '../../../core/contract/limits.ts';
import type { UseSample } from '../../../core/protocol/history.ts';
import { boundedStore } from '../bounded-store.ts';
import type { Call, Dependencies } from '../dependencies.ts';

const HOUR_MS = 3_600_000;
export const SAMPLED_MS = SAMPLED_DAYS * 24 * HOUR_MS;

/** How full a pool is, by its id. */
export interface PoolUse extends Omit<UseSample, 'at'> {
  readonly id: string;
}

/** Of a run: how many samples were written, how many were not, and why the first of them was not. */
export interface Sampled {
  readonly written: number;
  readonly failed: number;
  readonly cause?: string;
}

/**
 * Writes samples while the pools are still being read: one request each. A second one of the same hour, as of two runs at once,
 * takes the place of the first. What fails is missing in the forecast, and stops nothing.
 */
export function sampler(deps: Dependencies, call: Call): { note(use: PoolUse): void; end(): Promise<Sampled> } {
  const { history } = boundedStore(deps.store, call).always;
  const writing: Promise<unknown>[] = [];
  return {
    note({ id, taken, capacity }) {
      const at = Math.floor(deps.now() / HOUR_MS) * HOUR_MS;
      const written = history.recordSample(id, { at, taken, capacity }, at + SAMPLED_MS);
      writing.push(written.then(() => undefined).catch((error: unknown) => String(error)));
    },
    async end() {
      const failures = (await Promise.all(writing)).filter((one) => one !== undefined);
      const [cause] = failures;
      return {
        written: writing.length - failures.length,
        failed: failures.length,
        ...(cause === undefined ? {} : { cause: String(cause) }),
      };
    },
  };
}
