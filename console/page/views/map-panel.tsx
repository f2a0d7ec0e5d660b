/** What is under the pointer, or has the focus: who, and since when. */

import { blockUses } from '../fleet/block-use.ts';
import { heldOf, shareOf } from '../fleet/fleet.ts';
import type { Atlas } from '../map/atlas.ts';
import { sentenceOf } from '../map/describe.ts';
import { areaAt, blockNumber, blockOfNumber } from '../map/scope.ts';
import { StateMark } from '../parts/parts.tsx';
import { agoText, numberText, percentText, sizeText, timeText } from '../parts/texts.ts';

export function MapPanel({ atlas }: { atlas: Atlas }) {
  const pointed = atlas.pointed.value;
  const isNear = atlas.isNear.value;
  const { width, height } = atlas.size.value;
  const left = pointed && Math.max(4, pointed.x > width - 300 ? pointed.x - 292 : pointed.x + 14);
  const top = pointed && Math.max(4, Math.min(pointed.y + 14, height - 150));
  return (
    <>
      <p class="visually-hidden" aria-live="polite">
        {pointed && atlas.focus.value !== undefined && isNear ? sentenceOf(pointed) : ''}
      </p>
      {pointed && pointed.state !== 'outside' && (
        <div class="tip" aria-hidden="true" style={{ transform: `translate(${left}px, ${top}px)` }}>
          {isNear ? <AddressTip pointed={pointed} /> : <PoolTip atlas={atlas} />}
        </div>
      )}
      {pointed?.state === 'outside' && isNear && (
        <div class="tip tip-small" aria-hidden="true" style={{ transform: `translate(${left}px, ${top}px)` }}>
          <span class="mono">{pointed.address}</span> <span class="quiet">no pool has it</span>
        </div>
      )}
    </>
  );
}

function AddressTip({
  pointed: { address, pool, state, why, lease },
}: {
  pointed: NonNullable<Atlas['pointed']['value']>;
}) {
  return (
    <>
      <div class="tip-head">
        <span class="mono tip-address">{address}</span>
        {state === 'not seen yet' ? <span class="quiet">reading…</span> : <StateMark state={state} />}
      </div>
      {lease !== undefined && (
        <>
          <div class="tip-who">
            {lease.pod === undefined ? 'a pod that is not known' : `${lease.pod.namespace}/${lease.pod.name}`}
          </div>
          <div class="quiet">on {lease.node}</div>
          <div class="quiet">
            {state === 'held' ? 'since' : 'was held from'} {timeText(lease.heldAt)} ({agoText(lease.heldAt)})
          </div>
        </>
      )}
      {why !== undefined && <div class="quiet">{why}</div>}
      <div class="quiet">pool {pool}</div>
    </>
  );
}

function PoolTip({ atlas }: { atlas: Atlas }) {
  const pointed = atlas.pointed.value;
  const index = pointed?.index;
  const area = index === undefined ? undefined : areaAt(atlas.scope.value, index);
  if (pointed === undefined || area === undefined || index === undefined) return null;
  const { pool } = area.space;
  const [held, share] = [heldOf.value.get(pool.name), shareOf(pool)];
  const uses = blockUses.value.get(pool.name);
  const use = uses?.get(blockOfNumber(area, blockNumber(area, index)));
  return (
    <>
      <div class="tip-head">
        <span class="tip-who">{pool.name}</span>
        {pool.state !== 'active' && <StateMark state={pool.state} />}
      </div>
      <div class="mono quiet">{pool.ranges.flat()[0]?.subnet}</div>
      {held !== undefined && share !== undefined && (
        <div>
          {numberText(held)} held of {sizeText(pool.capacity)} ({percentText(share)})
        </div>
      )}
      {uses !== undefined && (
        <div class="quiet">
          block at <span class="mono">{pointed.address}</span>: {use?.held ?? 0} held, {use?.cooling ?? 0} cooling
          {use?.node !== undefined && `, of ${use.node}`}
        </div>
      )}
    </>
  );
}
