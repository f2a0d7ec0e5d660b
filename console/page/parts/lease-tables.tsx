/** Leases as tables: those that are, and those that were. */
import type { PastLease } from '../../../core/contract/history.ts';
import { DataTable, type TableColumn } from './data-table.tsx';
import type { FoundLease } from './found-lease.ts';
import { AddressLink, Ago, NodeLink, PodLink, PoolLink, StateMark } from './parts.tsx';
import { spanText } from './texts.ts';

type Held = Pick<FoundLease, 'addresses' | 'pod' | 'node' | 'pool'>;

const addresses: TableColumn<Held> = {
  head: 'Address',
  class: 'stack',
  of: (lease) => lease.addresses.map((one) => <AddressLink key={one} address={one} />),
};
const pod: TableColumn<Held> = { head: 'Pod', of: (lease) => <PodLink pod={lease.pod} /> };
const node: TableColumn<Held> = { head: 'Node', of: (lease) => <NodeLink node={lease.node} /> };
const pool: TableColumn<Held> = { head: 'Pool', of: (lease) => <PoolLink pool={lease.pool} /> };

const now: readonly TableColumn<FoundLease>[] = [
  addresses,
  { head: 'State', of: ({ state }) => <StateMark state={state} /> },
  pod,
  node,
  pool,
  { head: 'Held since', of: ({ heldAt }) => <Ago time={heldAt} /> },
];

const past: readonly TableColumn<PastLease>[] = [
  addresses,
  pod,
  node,
  pool,
  { head: 'From', of: ({ from }) => <Ago time={from} /> },
  { head: 'To', of: ({ to }) => (to === undefined ? <StateMark state="held" /> : <Ago time={to} />) },
  {
    head: 'Held for',
    of: ({ from, to }) => spanText((to === undefined ? Date.now() : Date.parse(to)) - Date.parse(from)),
  },
];

export const LeaseTable = ({ leases }: { leases: readonly FoundLease[] }) => (
  <DataTable
    label="Leases"
    columns={now}
    rows={leases}
    keyOf={(lease) => `${lease.pool} ${lease.slot.block}.${lease.slot.slot}`}
  />
);

export const PastTable = ({ leases }: { leases: readonly PastLease[] }) => (
  <DataTable
    label="History of leases"
    columns={past}
    rows={leases}
    keyOf={(lease) => `${lease.from} ${lease.slot.pool} ${lease.slot.block}.${lease.slot.slot}`}
  />
);
