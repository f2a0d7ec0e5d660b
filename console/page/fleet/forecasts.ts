/** What is foreseen of the pools that somebody looks at. */
import { signal } from '@preact/signals';
import type { ForecastResult } from '../../../core/contract/forecast.ts';
import { ask } from '../ask/ask.ts';
import { vrf } from './fleet.ts';

/** By name of the pool. */
export const forecasts = signal<ReadonlyMap<string, ForecastResult>>(new Map());

/** Milliseconds: it is made of samples of each hour. */
const FRESH = 600_000;
const askedAt = new Map<string, number>();
vrf.subscribe(() => {
  askedAt.clear();
  forecasts.value = new Map();
});

export function wantForecast(names: Iterable<string>): void {
  for (const name of names) {
    if (Date.now() - (askedAt.get(name) ?? 0) < FRESH) continue;
    askedAt.set(name, Date.now());
    ask('forecast', { path: { pool: name }, query: { vrf: vrf.value } }).then(
      (forecast) => {
        forecasts.value = new Map(forecasts.value).set(name, forecast);
      },
      () => undefined,
    );
  }
}
