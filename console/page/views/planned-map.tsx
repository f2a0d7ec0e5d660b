/** What a change would come to, on a map that stays where it is. */
import { useSignal, useSignalEffect } from '@preact/signals';
import { pools } from '../fleet/fleet.ts';
import { AddressMap } from '../map/address-map.tsx';
import type { Atlas } from '../map/atlas.ts';
import { PLANNED_WORDS, type PlannedSpan, plannedOf, planText } from '../map/planned.ts';
import { ipv4Scope } from '../map/scope.ts';
import { StateMark } from '../parts/parts.tsx';

export function PlannedMap({ spans }: { spans: readonly PlannedSpan[] }) {
  const atlas = useSignal<Atlas | undefined>(undefined);
  const planned = plannedOf(spans);
  useSignalEffect(() => {
    const map = atlas.value;
    if (map === undefined || map.size.value.width === 0) return;
    map.scope.value = { ...ipv4Scope(pools.value.list), key: 'planned' };
    map.planned.value = planned;
    map.showAll(planned);
  });
  if (planned.length === 0) return null;
  const words = [...new Set(planned.map(({ kind }) => kind))];
  return (
    <figure class="planned">
      <AddressMap
        label={`On the map: ${spans.map(({ kind, text }) => `${text} ${PLANNED_WORDS[kind]}`).join(', ')}`}
        isStill
        onOpen={(opened) => {
          atlas.value = opened;
        }}
      />
      <figcaption>
        {words.map((kind) => (
          <StateMark key={kind} state={PLANNED_WORDS[kind]} shape={kind} />
        ))}
        <a href={`#/?at=${encodeURIComponent(spans[0]?.text ?? '')}&plan=${encodeURIComponent(planText(spans))}`}>
          Look around there
        </a>
      </figcaption>
    </figure>
  );
}
