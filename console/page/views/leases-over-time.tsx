/** What a node or pods have, and had: as tables, and on a line of time. */
import type { PastLease } from '../../../core/contract/history.ts';
import { type LiveValue, useAsked } from '../ask/live.ts';
import { vrf } from '../fleet/fleet.ts';
import type { FoundLease } from '../parts/found-lease.ts';
import { LeaseTable, PastTable } from '../parts/lease-tables.tsx';
import { Empty, Loading, Problem, Section } from '../parts/parts.tsx';
import { TimeLine } from '../parts/time-line.tsx';
import { type Gathered, gathered } from './gathered.ts';

interface Whose {
  readonly node?: string;
  readonly namespace?: string;
  readonly pod?: string;
}

export function useLeases(whose: Whose): LiveValue<Gathered<FoundLease>> {
  const query = { vrf: vrf.value, ...whose };
  const { node, namespace, pod } = whose;
  return useAsked(
    (signal) => gathered('findLeases', { query }, signal, ({ leases }) => leases),
    [vrf.value, node, namespace, pod],
  );
}

export function usePastLeases(whose: Whose): LiveValue<Gathered<PastLease>> {
  const query = { vrf: vrf.value, ...whose };
  const { node, namespace, pod } = whose;
  return useAsked(
    (signal) => gathered('leaseHistory', { query }, signal, ({ leases }) => leases),
    [vrf.value, node, namespace, pod],
  );
}

export const LeasesNow = ({ now: { value, error, loading } }: { now: LiveValue<Gathered<FoundLease>> }) => (
  <Section title="Addresses now">
    {error !== undefined && <Problem error={error} />}
    {loading && <Loading />}
    {value?.rows.length === 0 && <Empty>None.</Empty>}
    {value !== undefined && value.rows.length > 0 && <LeaseTable leases={value.rows} />}
    {value?.isCut && <Empty>There are more: lessorctl leases lists all of them.</Empty>}
  </Section>
);

interface ThenProperties {
  readonly then: LiveValue<Gathered<PastLease>>;
  readonly label: string;
  /** Which bars are in one line. */
  laneOf(lease: PastLease): string;
}

export const LeasesThen = ({ then: { value, error, loading }, label, laneOf }: ThenProperties) => (
  <Section title="History">
    {error !== undefined && <Problem error={error} />}
    {loading && <Loading />}
    {value?.rows.length === 0 && <Empty>None, as far as it is kept.</Empty>}
    {value !== undefined && value.rows.length > 0 && (
      <>
        <TimeLine
          label={label}
          bars={value.rows.map((lease) => ({
            from: lease.from,
            to: lease.to,
            lane: laneOf(lease),
            text: lease.addresses.join(', '),
          }))}
        />
        <PastTable leases={[...value.rows].reverse()} />
      </>
    )}
    {value?.isCut && <Empty>There is more: lessorctl history lists all of it.</Empty>}
  </Section>
);
