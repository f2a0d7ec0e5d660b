/** What the colours and the shapes mean. */
import type { Atlas } from '../map/atlas.ts';
import { AGE_NAMES } from '../map/colours.ts';
import { tinted, tinting } from '../map/tinting.ts';
import { StateMark } from '../parts/parts.tsx';

export function MapLegend({ atlas }: { atlas: Atlas }) {
  const isNear = atlas.isNear.value;
  return (
    <section class="legend" aria-label="Legend">
      {isNear ? <Near atlas={atlas} /> : <Far />}
      <StateMark state="reserved" />
      <StateMark state="excluded" />
      <span class="legend-keys quiet">
        {isNear ? 'click opens the address' : 'click comes nearer'} · drag moves · wheel zooms
      </span>
    </section>
  );
}

const Far = () => (
  <span class="legend-scale">
    <span>empty</span>
    <span class="legend-ramp" aria-hidden="true" />
    <span>full</span>
  </span>
);

function Near({ atlas }: { atlas: Atlas }) {
  const { ages } = atlas.colours.value;
  const entries: (readonly [string, string])[] =
    tinting.value === 'age' ? AGE_NAMES.map((name, at) => [name, ages[at] ?? '']) : [...tinted.value];
  return (
    <>
      <StateMark state="free" />
      {tinting.value === 'state' ? (
        <StateMark state="held" />
      ) : (
        entries.map(([name, colour]) => (
          <span class="state" key={name}>
            <span class="state-shape" style={{ background: colour }} aria-hidden="true" />
            {name}
          </span>
        ))
      )}
      <StateMark state="cooling" />
    </>
  );
}
