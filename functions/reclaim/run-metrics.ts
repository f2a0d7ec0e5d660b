/** What the scheduled function tells of its runs: as metrics, and of the fullest pools in its log. */
import { most } from '../../core/contract/limits.ts';
import { emit, emitDeaths } from '../metrics/emit.ts';
import { percentOf as percent } from '../use-cases/changes/percent.ts';
import type { PoolReading } from '../use-cases/changes/pool-reading.ts';
import type { RecountReport } from '../use-cases/changes/recount.ts';
import type { SilentRun } from '../use-cases/reclaim/declare-silent.ts';
import type { ReclaimReport } from '../use-cases/reclaim/reclaim.ts';

export function emitReclaim({ nodes, waiting }: ReclaimReport): void {
  emit({
    ReclaimedLeases: nodes.reduce((sum, { freed }) => sum + freed, 0),
    DeadNodes: nodes.length + waiting,
    WaitingDeaths: waiting,
  });
}

/** Who was declared dead for silence, and where none was although some are silent, why. */
export function tellSilence({ clusters, deaths }: SilentRun): void {
  emitDeaths(deaths.length, 'silence');
  for (const { cluster, silent, because } of clusters) {
    if (silent.length === 0) continue;
    const declared = deaths.map(({ node }) => node).filter((node) => silent.some(({ id }) => id === node));
    console.info({ message: 'Silent nodes', cluster, silent: silent.length, declared, because });
  }
}

/** @param readings of the pools that the run recounted */
export function emitRecount({ corrected }: RecountReport, readings: readonly PoolReading[]): void {
  if (readings.length === 0) return;
  const totals = corrected.filter(({ namespace }) => namespace === undefined);
  emit({
    CounterDrift: totals.reduce((sum, { by }) => sum + Math.abs(by), 0),
    PoolUse: readings.map(({ use }) => percent(use)),
  });
  for (const { vrf, name, use, freeBlocks, isLarge } of readings) {
    const values = { PoolUse: percent(use), ...(freeBlocks === undefined ? {} : { FreeBlocks: freeBlocks }) };
    if (isLarge) emit(values, { pool: `${vrf}/${name}` });
  }
}

/** @param days until they are full, of those of which something is foreseen */
export function emitForecasts(pools: readonly (PoolReading & { readonly days: number })[]): void {
  if (pools.length === 0) return;
  emit({ DaysUntilFull: pools.map(({ days }) => tenths(days)) });
  for (const { vrf, name, isLarge, days } of pools)
    if (isLarge) emit({ DaysUntilFull: tenths(days) }, { pool: `${vrf}/${name}` });
}

const tenths = (days: number): number => Math.round(days * 10) / 10;

/** Of so few a forecast is made each hour: the large ones, which have metrics of their own, and the fullest. */
export const foretold = (readings: readonly PoolReading[]): readonly PoolReading[] => [
  ...new Set([...readings.filter(({ isLarge }) => isLarge), ...byUse(readings)]),
];

const byUse = (readings: readonly PoolReading[]): readonly PoolReading[] =>
  [...readings].sort((a, b) => b.use - a.use).slice(0, most.poolsMeasured);

/** The metrics of all pools together do not say which one is the fullest. */
export const fullest = (readings: readonly PoolReading[]) =>
  byUse(readings).map(({ vrf, name, use, held }) => ({ pool: `${vrf}/${name}`, usePercent: percent(use), held }));
