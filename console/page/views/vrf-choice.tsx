/** Which address space is looked at. */
import { useAsked } from '../ask/live.ts';
import { enter, settings, vrf } from '../fleet/fleet.ts';
import { go } from '../route.ts';
import { gathered } from './gathered.ts';

export function VrfChoice() {
  const { value } = useAsked(
    (signal) => gathered('listVrfs', { query: { limit: '100' } }, signal, ({ vrfs }) => vrfs.map((one) => one.vrf)),
    [],
    false,
  );
  const names = [...new Set([vrf.value, ...(value?.rows ?? [])])].sort();
  if (names.length === 1)
    return (
      <span class="chip vrf" title={settings.value.endpoint}>
        <span class="visually-hidden">VRF </span>
        {vrf.value}
      </span>
    );
  return (
    <select
      class="input vrf"
      aria-label="VRF"
      title={settings.value.endpoint}
      value={vrf.value}
      onChange={({ currentTarget }) => {
        enter(currentTarget.value);
        go('#/');
      }}
    >
      {names.map((name) => (
        <option key={name}>{name}</option>
      ))}
    </select>
  );
}
