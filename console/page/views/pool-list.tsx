/** The pools, as fast as a thousand of them are looked through: only rows that are seen are made. */
import type { Signal } from '@preact/signals';
import { useRef, useState } from 'preact/hooks';
import { pools, shareOf } from '../fleet/fleet.ts';
import type { Atlas } from '../map/atlas.ts';
import { ShareBar } from '../parts/parts.tsx';
import { numberText, sizeText } from '../parts/texts.ts';
import { go, to } from '../route.ts';
import type { MappedPool } from '../space/pool-space.ts';

/** Pixels of a row, as the style sheet has it. */
const ROW = 52;
const BEYOND = 6;

export function PoolList({ atlas, onPicked }: { atlas: Signal<Atlas | undefined>; onPicked(): void }) {
  const [text, setText] = useState('');
  const [top, setTop] = useState(0);
  const frame = useRef<HTMLDivElement>(null);
  const wanted = text.trim().toLowerCase();
  const list = pools.value.list.filter(({ pool }) => pool.name.toLowerCase().includes(wanted));
  const height = frame.current?.clientHeight || 800;
  const first = Math.max(0, Math.floor(top / ROW) - BEYOND);
  const seen = list.slice(first, first + Math.ceil(height / ROW) + 2 * BEYOND);
  return (
    <>
      <div class="side-head">
        <h1>Pools</h1>
        <span class="quiet tabular" aria-live="polite">
          {numberText(list.length)}
          {pools.value.complete ? '' : '…'}
        </span>
      </div>
      <input
        class="input side-filter"
        type="search"
        placeholder="Filter pools"
        aria-label="Filter pools"
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
      <div class="pool-rows" ref={frame} onScroll={({ currentTarget }) => setTop(currentTarget.scrollTop)}>
        <ul class={`pool-rows-inner`} style={{ height: `${list.length * ROW}px` }}>
          {seen.map((space, index) => (
            <li key={space.pool.id} class="pool-row" style={{ top: `${(first + index) * ROW}px` }}>
              <PoolRow space={space} pick={() => pick(space, atlas.value, onPicked)} />
            </li>
          ))}
        </ul>
      </div>
    </>
  );
}

function PoolRow({ space: { pool, ranges }, pick }: { space: MappedPool; pick(): void }) {
  const subnets = pool.ranges.flat().map(({ subnet }) => subnet);
  return (
    <>
      <button
        type="button"
        class="pool-pick"
        onClick={pick}
        title={`${subnets.join(', ')}: ${sizeText(pool.capacity)} addresses`}
      >
        <span class="pool-name">
          {pool.name}
          {pool.state !== 'active' && <span class="chip chip-warn">{pool.state}</span>}
        </span>
        <span class="pool-subnet mono">
          {subnets[0]}
          {subnets.length > 1 && ` +${subnets.length - 1}`}
        </span>
        <ShareBar share={shareOf(pool)} />
        <span class="visually-hidden">
          , show on the map{ranges.some(({ family }) => family === 4) ? '' : ' (IPv6)'}
        </span>
      </button>
      <a class="pool-open" href={to('pool', pool.name)} aria-label={`Open pool ${pool.name}`}>
        ›
      </a>
    </>
  );
}

function pick({ pool, ranges }: MappedPool, atlas: Atlas | undefined, onPicked: () => void): void {
  onPicked();
  const ipv4 = ranges.filter(({ family }) => family === 4);
  const [range] = ipv4;
  if (range === undefined) go(`#/?ipv6=${encodeURIComponent(pool.name)}`);
  else if (atlas?.scope.value.family !== 4) go(`#/?at=${encodeURIComponent(pool.ranges.flat()[0]?.subnet ?? '')}`);
  else atlas.showAll(ipv4.map(({ first, last }) => ({ first: Number(first), last: Number(last) })));
}
