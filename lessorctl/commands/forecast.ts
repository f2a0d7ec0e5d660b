/** `lessorctl forecast`. */
import pMap from 'p-map';
import type { ForecastResult } from '../../core/contract/forecast.ts';
import { type Cell, NONE, toned } from '../print/cell.ts';
import { type Column, tablePart, textPart } from '../print/view.ts';
import { command } from '../session/command.ts';
import { ofEach } from './each-pool.ts';
import { gathered } from './pages.ts';
import { shareCell, sizeText, timeText } from './words.ts';

export const forecast = command({
  about: `From its use in each hour of the last weeks. Of ten intervals eight hold. Where blocks belong to nodes, blocks are what
runs out. Without a pool: all pools of the VRF, the one that is full first comes first.`,
  arguments: { pool: { help: 'the pools', optional: true, several: true, kind: 'pool' } },
  options: {},
  examples: [
    { line: 'forecast', does: 'Which pool will be full first' },
    { line: 'forecast shop -o yaml', does: 'All that is foreseen of one' },
  ],
  async run({ pool: named }, { service, target, progress }) {
    const [api, { vrf }] = [await service(), await target()];
    const foresee = (pool: string) => api.ask('forecast', { path: { pool }, query: { vrf } });
    const all = async () => {
      const list = api.pages('listPools', { query: { vrf, limit: '100' } });
      const pools = await gathered(list, (page) => page.pools, progress, 'pools');
      return (await ofEach(pools, ({ name }) => foresee(name))).sort((a, b) => fullAt(a) - fullAt(b));
    };
    const sorted = named.length > 0 ? await pMap(named, foresee, { concurrency: 1 }) : await all();
    return {
      document: { forecasts: sorted },
      names: sorted.map(({ pool }) => pool),
      view: (wide) => [sorted.length === 0 ? textPart(`VRF ${vrf} has no pool.`) : tablePart(sorted, columns, wide)],
    };
  },
});

const fullAt = ({ fullAt: at }: ForecastResult): number =>
  Date.parse(at?.expected ?? at?.earliest ?? '') || Number.MAX_SAFE_INTEGER;

const dayText = (at: string | null | undefined, horizonDays: number): string =>
  at ? timeText(at).slice(0, 10) : `>${horizonDays}d`;

const columns: readonly Column<ForecastResult>[] = [
  { head: 'POOL', of: ({ pool }) => pool, shrinks: true },
  { head: 'USED', of: ({ used, capacity }) => (used === undefined ? NONE : shareCell(used, capacity)) },
  { head: 'SIZE', of: ({ capacity, unit }) => `${sizeText(capacity)} ${unit === 'blocks' ? 'blocks' : ''}`.trim() },
  { head: 'PER DAY', of: ({ perDay }) => (perDay === undefined ? NONE : perDay.toFixed(1)) },
  { head: 'FULL', of: fullCell },
  {
    head: 'EARLIEST',
    of: ({ fullAt: at, horizonDays }) => (at === undefined ? NONE : dayText(at.earliest, horizonDays)),
  },
  { head: 'LATEST', of: ({ fullAt: at, horizonDays }) => (at === undefined ? NONE : dayText(at.latest, horizonDays)) },
  { head: 'SAMPLES', of: ({ samples }) => String(samples.count), wide: true },
  { head: 'STATE', of: ({ state }) => state, wide: true },
];

function fullCell({ fullAt: at, unknown, horizonDays }: ForecastResult): Cell {
  if (at === undefined) return { text: unknown ?? 'unknown', tone: 'faint' };
  return toned(dayText(at.expected, horizonDays), at.expected ? 'bad' : at.earliest ? 'waits' : 'good');
}
