/** What is around every view: where one can go, the search, and how it is with the service. */
import { useEffect } from 'preact/hooks';
import { health, isLive, repeat } from './ask/live.ts';
import { readPools, vrf } from './fleet/fleet.ts';
import { Problem } from './parts/parts.tsx';
import { route } from './route.ts';
import { AddressView } from './views/address-view.tsx';
import { AllChanges } from './views/audit-list.tsx';
import { ChangePool } from './views/change-pool.tsx';
import { CreatePool } from './views/create-pool.tsx';
import { DeclareDead } from './views/declare-dead.tsx';
import { MapView } from './views/map-view.tsx';
import { NodeView } from './views/node-view.tsx';
import { NodesView } from './views/nodes-view.tsx';
import { PodView } from './views/pod-view.tsx';
import { PodsView } from './views/pods-view.tsx';
import { PoolView } from './views/pool-view.tsx';
import { PoolsView } from './views/pools-view.tsx';
import { Search } from './views/search.tsx';
import { VrfChoice } from './views/vrf-choice.tsx';
import { WhyView } from './views/why-view.tsx';

const PLACES: readonly (readonly [first: string, name: string])[] = [
  ['', 'Map'],
  ['pools', 'Pools'],
  ['nodes', 'Nodes'],
  ['why', 'Why not'],
  ['changes', 'Changes'],
];

export function App() {
  useEffect(() => repeat(readPools, true, () => undefined), [vrf.value]);
  const [first = ''] = route.value.parts;
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="top">
        <a class="brand" href="#/" aria-label="Lessor, the map">
          <img src="/icon.svg" alt="" width="22" height="22" />
          <span>Lessor</span>
        </a>
        <VrfChoice />
        <nav class="places" aria-label="Views">
          {PLACES.map(([place, name]) => (
            <a key={place} href={`#/${place}`} aria-current={place === first ? 'page' : undefined}>
              {name}
            </a>
          ))}
        </nav>
        <Search />
        <Health />
      </header>
      <main id="main" class={first === '' ? 'main main-map' : 'main'}>
        <Refusal />
        <View />
      </main>
    </>
  );
}

function View() {
  const [first = '', second = '', third = ''] = route.value.parts;
  switch (first) {
    case '':
      return <MapView />;
    case 'address':
      return <AddressView key={second} address={second} />;
    case 'nodes':
      return <NodesView />;
    case 'why':
      return <WhyView />;
    case 'changes':
      return <AllChanges />;
    case 'change':
      return <Change kind={second} name={third} />;
    case 'pools':
      return <PoolsView />;
    case 'pool':
      return <PoolView key={second} name={second} />;
    case 'pod':
      return <PodView key={`${second}/${third}`} namespace={second} pod={third || undefined} />;
    case 'pods':
      return <PodsView key={second} name={second} />;
    case 'node':
      return <NodeView key={second} node={second} />;
    default:
      return (
        <div class="page">
          <h1>There is no such page</h1>
          <p>
            <a href="#/">The map</a> has all that there is.
          </p>
        </div>
      );
  }
}

function Change({ kind, name }: { kind: string; name: string }) {
  if (kind === 'pool') return <ChangePool key={name} name={name} />;
  return kind === 'node' ? <DeclareDead key={name} node={name} /> : <CreatePool />;
}

function Refusal() {
  return 'refused' in health.value ? (
    <div class="banner">
      <Problem error={health.value.refused} />
    </div>
  ) : null;
}

function Health() {
  const isWell = !('refused' in health.value);
  return (
    <button
      type="button"
      class={`health ${isWell ? (isLive.value ? 'is-live' : '') : 'is-bad'}`}
      aria-pressed={isLive.value}
      title={isLive.value ? 'What is shown is looked at again by itself' : 'What is shown stays as it is'}
      onClick={() => {
        isLive.value = !isLive.value;
      }}
    >
      <span class="health-dot" aria-hidden="true" />
      {isWell ? (isLive.value ? 'Live' : 'Paused') : 'No answer'}
    </button>
  );
}
