/** One address: who has it, and who had it. */
import type { AddressHistory as Past } from '../../../core/contract/history.ts';
import type { AddressResult } from '../../../core/contract/questions.ts';
import { ask } from '../ask/ask.ts';
import { type LiveValue, useAsked } from '../ask/live.ts';
import { vrf } from '../fleet/fleet.ts';
import { PastTable } from '../parts/lease-tables.tsx';
import {
  Ago,
  Empty,
  Facts,
  Loading,
  NodeLink,
  PodLink,
  PoolLink,
  Problem,
  Section,
  StateMark,
} from '../parts/parts.tsx';
import { timeText } from '../parts/texts.ts';
import { TimeLine } from '../parts/time-line.tsx';
import { PoolAudit } from './audit-list.tsx';

export function AddressView({ address }: { address: string }) {
  const query = { vrf: vrf.value, address };
  const now = useAsked((signal) => ask('searchAddress', { query }, signal), [address, vrf.value]);
  const then = useAsked((signal) => ask('addressHistory', { query }, signal), [address, vrf.value]);
  const { value } = now;
  return (
    <article class="page">
      <header class="page-head">
        <p class="kind">Address</p>
        <h1 class="mono">{address}</h1>
        {value !== undefined && <StateMark state={value.state} />}
        {!address.includes(':') && (
          <a class="button" href={`#/?at=${address}`}>
            Show on the map
          </a>
        )}
      </header>
      {now.error !== undefined && <Problem error={now.error} />}
      {now.loading && <Loading />}
      {value !== undefined && <AddressFacts found={value} />}
      <AddressHistory address={address} then={then} />
      {value?.pool !== undefined && <PoolAudit pool={value.pool} />}
    </article>
  );
}

const AddressFacts = ({ found: { address, state, pool, reservation, blockOf, lease } }: { found: AddressResult }) => {
  const last = state === 'cooling' ? 'Last ' : '';
  return (
    <Facts
      facts={[
        ['Pool', pool && <PoolLink pool={pool} />],
        ['Reserved by', reservation],
        ['Block of', blockOf && <NodeLink node={blockOf} />],
        [`${last}Pod`, lease && <PodLink pod={lease.pod} />],
        [`${last}Node`, lease && <NodeLink node={lease.node} />],
        ['Held since', lease && <Ago time={lease.heldAt} />],
        ['Cools until', lease?.reusableAt && timeText(lease.reusableAt)],
        ['Container', lease && <code class="cut">{lease.attachment.containerId}</code>],
        ['Network', lease && `${lease.attachment.network}, ${lease.attachment.ifname}`],
        ['Its other addresses', others(lease?.addresses ?? [], address)],
      ]}
    />
  );
};

const AddressHistory = ({ address, then: { value, error, loading } }: { address: string; then: LiveValue<Past> }) => (
  <Section title="History">
    {error !== undefined && <Problem error={error} />}
    {loading && <Loading />}
    {value !== undefined && value.leases.length === 0 && <Empty>Nobody had it, as far as it is kept.</Empty>}
    {value !== undefined && value.leases.length > 0 && (
      <>
        <TimeLine
          label={`Who had ${address} when`}
          bars={value.leases.map(({ from, to, pod, node }) => ({
            from,
            to,
            lane: address,
            text: pod === undefined ? node : `${pod.namespace}/${pod.name}`,
          }))}
          unknown={value.unknown}
        />
        <PastTable leases={[...value.leases].reverse()} />
      </>
    )}
  </Section>
);

function others(addresses: readonly string[], own: string) {
  const rest = addresses.map((one) => one.split('/')[0] ?? '').filter((one) => one !== own);
  return rest.length === 0 ? undefined : rest.join(', ');
}
