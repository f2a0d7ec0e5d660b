/** Forecasts of some pools, for metrics. */
import { boundedStore } from '../bounded-store.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { whileTime } from '../in-flight.ts';
import { knownPool } from '../known-pools.ts';
import { daysUntilFull, forecastOf } from './forecast-of.ts';

const RESERVE_MS = 1_000;

/**
 * Days until each of them is full at the earliest; without those of which nothing is foreseen, those for which there is no time, and
 * those that cannot be read.
 */
export async function daysUntil<P extends { readonly id: string }>(
  { store, ...others }: Dependencies,
  call: Call,
  pools: readonly P[],
): Promise<(P & { readonly days: number })[]> {
  const deps = { ...others, store: boundedStore(store, call).always };
  const daysOf = async (one: P) => {
    const pool = await knownPool(deps, one.id);
    return pool && daysUntilFull(await forecastOf(deps, pool), deps.now());
  };
  const all = await whileTime(call, RESERVE_MS, pools, (one) =>
    daysOf(one).then(
      (days) => (days === undefined ? [] : [{ ...one, days }]),
      (cause: unknown) => {
        console.error({ message: 'When a pool is full was not foreseen', pool: one.id, cause: String(cause) });
        return [];
      },
    ),
  );
  return all.flat();
}
