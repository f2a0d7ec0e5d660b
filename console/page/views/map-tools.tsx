/** What is shown of the map, and how: the curve, the colours, nearer and farther. */
import { useSignalEffect } from '@preact/signals';
import { pools } from '../fleet/fleet.ts';
import type { Atlas } from '../map/atlas.ts';
import { rowColours, type Tinting, tinting } from '../map/tinting.ts';
import { zoomed } from '../map/view.ts';
import { Segments } from '../parts/parts.tsx';
import { go } from '../route.ts';
import { hilbert, rows } from '../space/curves.ts';

const TINTINGS: readonly (readonly [Tinting, string])[] = [
  ['state', 'State'],
  ['namespace', 'Namespace'],
  ['node', 'Node'],
  ['age', 'Age'],
];

export function MapTools({ atlas, ipv6Pool }: { atlas: Atlas; ipv6Pool: string | undefined }) {
  useSignalEffect(() => {
    atlas.colourOf.value = rowColours(tinting.value, atlas.colours.value);
  });
  return (
    <>
      <FamilyChoice ipv6Pool={ipv6Pool} />
      <CurveChoice atlas={atlas} />
      <select
        class="input"
        aria-label="Colours by"
        value={tinting.value}
        onChange={({ currentTarget }) => {
          tinting.value = currentTarget.value as Tinting;
        }}
      >
        {TINTINGS.map(([value, name]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
      <ZoomButtons atlas={atlas} />
    </>
  );
}

const showIpv6 = (pool: string) => go(`#/?ipv6=${encodeURIComponent(pool)}`);

function FamilyChoice({ ipv6Pool }: { ipv6Pool: string | undefined }) {
  const ipv6 = pools.value.list.filter(({ ranges }) => ranges.some(({ family }) => family === 6));
  const [first] = ipv6;
  return (
    <>
      <Segments label="Family">
        <button type="button" aria-pressed={ipv6Pool === undefined} onClick={() => go('#/')}>
          IPv4
        </button>
        <button
          type="button"
          aria-pressed={ipv6Pool !== undefined}
          disabled={first === undefined}
          onClick={() => first && showIpv6(first.pool.name)}
        >
          IPv6
        </button>
      </Segments>
      {ipv6Pool !== undefined && (
        <select
          class="input"
          aria-label="IPv6 pool"
          value={ipv6Pool}
          onChange={({ currentTarget }) => showIpv6(currentTarget.value)}
        >
          {ipv6.map(({ pool }) => (
            <option key={pool.id}>{pool.name}</option>
          ))}
        </select>
      )}
    </>
  );
}

const CURVES = [
  [hilbert, 'Hilbert'],
  [rows, 'Rows'],
] as const;

const CurveChoice = ({ atlas }: { atlas: Atlas }) => (
  <Segments label="Curve">
    {CURVES.map(([curve, name]) => (
      <button
        key={name}
        type="button"
        aria-pressed={atlas.curve.value === curve}
        onClick={() => {
          atlas.curve.value = curve;
          atlas.fit();
        }}
      >
        {name}
      </button>
    ))}
  </Segments>
);

function ZoomButtons({ atlas }: { atlas: Atlas }) {
  const zoom = (factor: number) => {
    const { width, height } = atlas.size.value;
    atlas.look(zoomed(atlas.view.value, factor, { x: width / 2, y: height / 2 }, atlas.size.value));
  };
  return (
    <Segments label="Zoom">
      <button type="button" aria-label="Nearer" onClick={() => zoom(2)}>
        +
      </button>
      <button type="button" aria-label="Farther" onClick={() => zoom(0.5)}>
        −
      </button>
      <button type="button" aria-label="Show all" onClick={() => atlas.fit()}>
        ⤢
      </button>
    </Segments>
  );
}
