/** The address space: pools beside a map of them. */
import { type Signal, useSignal, useSignalEffect } from '@preact/signals';
import { useState } from 'preact/hooks';
import { pools, vrf } from '../fleet/fleet.ts';
import { AddressMap } from '../map/address-map.tsx';
import type { Atlas } from '../map/atlas.ts';
import { comeBack } from '../map/open-atlas.ts';
import { plannedOf, spansIn } from '../map/planned.ts';
import { ipv4Scope } from '../map/scope.ts';
import { route } from '../route.ts';
import { spanOf } from '../space/numbers.ts';
import { MapLegend } from './map-legend.tsx';
import { MapPanel } from './map-panel.tsx';
import { MapTools } from './map-tools.tsx';
import { PoolList } from './pool-list.tsx';
import { useUsedBlocks } from './used-blocks.ts';

export function MapView() {
  const atlas = useSignal<Atlas | undefined>(undefined);
  const ipv6Pool = route.value.query.get('ipv6') ?? undefined;
  const at = route.value.query.get('at') ?? undefined;
  useScope(atlas, ipv6Pool);
  useShown(atlas, at);
  const [open, setOpen] = useState(false);
  return (
    <div class="map-view">
      <aside class={`map-side ${open ? 'is-open' : ''}`} aria-label="Pools">
        <PoolList atlas={atlas} onPicked={() => setOpen(false)} />
      </aside>
      <div class="map-stage">
        <div class="map-frame">
          <AddressMap
            label={ipv6Pool === undefined ? `IPv4 addresses of VRF ${vrf.value}` : `Used blocks of pool ${ipv6Pool}`}
            onOpen={(opened) => {
              atlas.value = opened;
            }}
          />
          <div class="map-over">
            <button type="button" class="button pools-button" aria-expanded={open} onClick={() => setOpen(!open)}>
              Pools
            </button>
            {atlas.value !== undefined && <MapTools atlas={atlas.value} ipv6Pool={ipv6Pool} />}
          </div>
          {atlas.value !== undefined && <MapPanel atlas={atlas.value} />}
          {pools.value.complete && pools.value.list.length === 0 && (
            <div class="map-empty">
              <h2>There is no pool in VRF {vrf.value}</h2>
              <p>Make one with lessorctl pool create, or on the page Pools.</p>
            </div>
          )}
        </div>
        {atlas.value !== undefined && <MapLegend atlas={atlas.value} />}
      </div>
    </div>
  );
}

/** What the map is of follows the pools; where the person was before, it is again. */
function useScope(atlas: Signal<Atlas | undefined>, ipv6Pool: string | undefined): void {
  const used = useUsedBlocks(ipv6Pool);
  const shownBefore = useSignal('');
  useSignalEffect(() => {
    const map = atlas.value;
    const scope = used.value ?? (ipv6Pool === undefined ? ipv4Scope(pools.value.list) : undefined);
    if (map === undefined || scope === undefined || map.size.value.width === 0) return;
    map.scope.value = scope;
    const key = `${vrf.value} ${scope.key}`;
    if (scope.areas.length === 0 || shownBefore.peek() === key) return;
    shownBefore.value = key;
    comeBack(map);
  });
}

/** Of a link that means a place: `?at=10.1.0.0/16`. */
function useShown(atlas: Signal<Atlas | undefined>, at: string | undefined): void {
  const done = useSignal('');
  useSignalEffect(() => {
    const planned = plannedOf(spansIn(route.value.query.get('plan') ?? ''));
    if (atlas.value !== undefined) atlas.value.planned.value = planned;
  });
  useSignalEffect(() => {
    const map = atlas.value;
    const place = route.value.query.get('at') ?? at;
    if (map === undefined || place === undefined || map.scope.value.areas.length === 0 || done.peek() === place) return;
    const span = spanOf(place);
    if (span === undefined) return;
    const first = span.family === 4 ? Number(span.first) : map.scope.value.indexOf(place);
    if (first === undefined) return;
    done.value = place;
    map.showAll([{ first, last: span.family === 4 ? Number(span.last) : first }]);
    if (span.first === span.last) map.focus.value = first;
  });
}
