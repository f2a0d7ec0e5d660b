/** Leases as tables: those that are, and those that were. */
import type { PastLease } from '../../../core/contract/history.ts';
import type { FoundLease } from './found-lease.ts';
import { AddressLink, Ago, NodeLink, PodLink, PoolLink, StateMark, TableFrame } from './parts.tsx';
import { spanText } from './texts.ts';

const addressesOf = (addresses: readonly string[]) => addresses.map((one) => <AddressLink key={one} address={one} />);

export const LeaseTable = ({ leases }: { leases: readonly FoundLease[] }) => (
  <TableFrame label="Leases">
    <table>
      <thead>
        <tr>
          <th scope="col">Address</th>
          <th scope="col">State</th>
          <th scope="col">Pod</th>
          <th scope="col">Node</th>
          <th scope="col">Pool</th>
          <th scope="col">Held since</th>
        </tr>
      </thead>
      <tbody>
        {leases.map((lease) => (
          <tr key={`${lease.pool} ${lease.slot.block}.${lease.slot.slot}`}>
            <td class="stack">{addressesOf(lease.addresses)}</td>
            <td>
              <StateMark state={lease.state} />
            </td>
            <td>
              <PodLink pod={lease.pod} />
            </td>
            <td>
              <NodeLink node={lease.node} />
            </td>
            <td>
              <PoolLink pool={lease.pool} />
            </td>
            <td>
              <Ago time={lease.heldAt} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </TableFrame>
);

export const PastTable = ({ leases }: { leases: readonly PastLease[] }) => (
  <TableFrame label="History of leases">
    <table>
      <thead>
        <tr>
          <th scope="col">Address</th>
          <th scope="col">Pod</th>
          <th scope="col">Node</th>
          <th scope="col">From</th>
          <th scope="col">To</th>
          <th scope="col">Held for</th>
        </tr>
      </thead>
      <tbody>
        {leases.map((lease) => (
          <tr key={`${lease.from} ${lease.slot.pool} ${lease.slot.block}.${lease.slot.slot}`}>
            <td class="stack">{addressesOf(lease.addresses)}</td>
            <td>
              <PodLink pod={lease.pod} />
            </td>
            <td>
              <NodeLink node={lease.node} />
            </td>
            <td>
              <Ago time={lease.from} />
            </td>
            <td>{lease.to === undefined ? <StateMark state="held" /> : <Ago time={lease.to} />}</td>
            <td>{spanText((lease.to === undefined ? Date.now() : Date.parse(lease.to)) - Date.parse(lease.from))}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </TableFrame>
);
