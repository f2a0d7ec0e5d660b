/** Which pool runs out first: all of a VRF, the fullest first, with what is foreseen of those that are. */
import { useEffect, useState } from 'preact/hooks';
import { pools, shareOf, usages, wantUsage } from '../fleet/fleet.ts';
import { forecasts, wantForecast } from '../fleet/forecasts.ts';
import { Empty, PoolLink, ShareBar, StateMark, TableFrame } from '../parts/parts.tsx';
import { numberText, sizeText } from '../parts/texts.ts';
import { to } from '../route.ts';
import type { MappedPool } from '../space/pool-space.ts';
import { fullText } from './full-text.ts';

/** Rows of a page: of those the forecast is asked. */
const ROWS = 25;

export function PoolsView() {
  const [page, setPage] = useState(0);
  const { list, complete } = pools.value;
  const names = list.map(({ pool }) => pool.name).join(' ');
  useEffect(() => {
    if (complete) wantUsage(list.map(({ pool }) => pool.name));
  }, [names, complete]);
  const sorted = [...list].sort((a, b) => share(b) - share(a));
  const seen = sorted.slice(page * ROWS, page * ROWS + ROWS);
  const meant = seen.map(({ pool }) => pool.name).join(' ');
  useEffect(() => wantForecast(seen.map(({ pool }) => pool.name)), [meant]);
  return (
    <article class="page">
      <header class="page-head">
        <h1>What runs out first</h1>
        <span class="quiet tabular">
          {numberText(list.length)} pools{complete ? '' : '…'}
        </span>
        <a class="button" href={to('change', 'create')}>
          New pool
        </a>
      </header>
      {complete && list.length === 0 ? <Empty>There is no pool.</Empty> : <PoolTable rows={seen} />}
      {list.length > ROWS && <Pages page={page} pages={Math.ceil(list.length / ROWS)} turn={setPage} />}
    </article>
  );
}

const share = ({ pool }: MappedPool): number => {
  const usage = usages.value.get(pool.name);
  return usage === undefined ? -1 : shareOf(usage);
};

const PoolTable = ({ rows }: { rows: readonly MappedPool[] }) => (
  <TableFrame label="Pools, the fullest first">
    <table>
      <thead>
        <tr>
          <th scope="col">Pool</th>
          <th scope="col">State</th>
          <th scope="col">Held</th>
          <th scope="col" class="number">
            Addresses
          </th>
          <th scope="col" class="number">
            A day
          </th>
          <th scope="col">Full</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ pool }) => {
          const usage = usages.value.get(pool.name);
          const forecast = forecasts.value.get(pool.name);
          return (
            <tr key={pool.id}>
              <td>
                <PoolLink pool={pool.name} />
              </td>
              <td>
                <StateMark state={pool.state} />
              </td>
              <td class="share-cell">
                <ShareBar share={usage && shareOf(usage)} />
              </td>
              <td class="number">{sizeText(pool.capacity)}</td>
              <td class="number">{forecast?.perDay === undefined ? '–' : signed(forecast.perDay)}</td>
              <td>{fullText(forecast)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  </TableFrame>
);

const signed = (value: number): string => `${value > 0 ? '+' : ''}${numberText(Math.round(value * 10) / 10)}`;

const Pages = ({ page, pages, turn }: { page: number; pages: number; turn(page: number): void }) => (
  <nav class="pages" aria-label="Pages">
    <button type="button" class="button" disabled={page === 0} onClick={() => turn(page - 1)}>
      Before
    </button>
    <span class="quiet tabular">
      {page + 1} of {pages}
    </span>
    <button type="button" class="button" disabled={page >= pages - 1} onClick={() => turn(page + 1)}>
      Next
    </button>
  </nav>
);
