/** Which pool runs out first: all of a VRF, the fullest first, with what is foreseen of those that are. */
import { useEffect, useState } from 'preact/hooks';
import { pools, shareOf } from '../fleet/fleet.ts';
import { forecasts, wantForecast } from '../fleet/forecasts.ts';
import { DataTable, type TableColumn } from '../parts/data-table.tsx';
import { Empty, PoolLink, ShareBar, StateMark } from '../parts/parts.tsx';
import { numberText, sizeText } from '../parts/texts.ts';
import { to } from '../route.ts';
import type { MappedPool } from '../space/pool-space.ts';
import { fullText } from './full-text.ts';

/** Rows of a page: of those the forecast is asked. */
const ROWS = 25;

export function PoolsView() {
  const [page, setPage] = useState(0);
  const { list, complete } = pools.value;
  const sorted = [...list].sort((a, b) => (shareOf(b.pool) ?? -1) - (shareOf(a.pool) ?? -1));
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

const PoolTable = ({ rows }: { rows: readonly MappedPool[] }) => (
  <DataTable label="Pools, the fullest first" columns={columns} rows={rows} keyOf={({ pool }) => pool.id} />
);

const forecastFor = ({ pool }: MappedPool) => forecasts.value.get(pool.name);

const columns: readonly TableColumn<MappedPool>[] = [
  { head: 'Pool', of: ({ pool }) => <PoolLink pool={pool.name} /> },
  { head: 'Held', class: 'share-cell', of: ({ pool }) => <ShareBar share={shareOf(pool)} /> },
  { head: 'Full', of: (one) => fullText(forecastFor(one)) },
  {
    head: 'A day',
    class: 'number',
    of: (one) => {
      const perDay = forecastFor(one)?.perDay;
      return perDay === undefined ? '–' : signed(perDay);
    },
  },
  { head: 'Addresses', class: 'number', of: ({ pool }) => sizeText(pool.capacity) },
  { head: 'State', of: ({ pool }) => <StateMark state={pool.state} /> },
];

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
