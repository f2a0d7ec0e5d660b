/** Leases as tables show them: those that there are, and those that are over. */
import type { PastLease } from '../../core/contract/history.ts';
import type { Pod } from '../../core/contract/ids.ts';
import type { LeaseRow } from '../../core/contract/lease.ts';
import { type Cell, NONE } from '../print/cell.ts';
import type { Column } from '../print/view.ts';
import { ageCell, stateCell, timeText } from './words.ts';

export type ShownLease = LeaseRow & { readonly pool?: string };

export const podText = (pod: Pod | undefined): string | undefined => pod && `${pod.namespace}/${pod.name}`;

/** An attachment without a pod is known by its container, and people know those by their beginnings. */
const SHORT = 13;
const podCell = (pod: Pod | undefined, containerId: string | undefined): Cell =>
  podText(pod) ?? (containerId === undefined ? NONE : { text: `(${containerId.slice(0, SHORT)})`, tone: 'faint' });

/** Without the length of the subnet's prefix, which is the pool's. */
export const bareAddress = (address: string): string => address.split('/')[0] ?? address;

const addressesText = (addresses: readonly string[]): string => addresses.map(bareAddress).join(',');

/** @param pool whether it says which pool it is */
export const leaseColumns = (now: number, pool: boolean): Column<ShownLease>[] => [
  { head: 'ADDRESS', of: ({ addresses }) => addressesText(addresses) },
  { head: 'STATE', of: ({ state }) => stateCell(state) },
  ...(pool ? [{ head: 'POOL', of: (lease: ShownLease) => lease.pool ?? NONE, shrinks: true } as const] : []),
  { head: 'POD', of: ({ pod, attachment }) => podCell(pod, attachment.containerId), shrinks: true },
  { head: 'NODE', of: ({ node }) => node, shrinks: true },
  { head: 'AGE', of: ({ heldAt }) => ageCell(heldAt, now) },
  { head: 'IDENTITY', of: ({ identity }) => identity ?? NONE, wide: true },
  { head: 'NETWORK', of: ({ attachment }) => attachment.network, wide: true },
  { head: 'INTERFACE', of: ({ attachment }) => attachment.ifname, wide: true },
  { head: 'CONTAINER', of: ({ attachment }) => attachment.containerId, wide: true },
  { head: 'BLOCK', of: ({ slot }) => `${slot.block}/${slot.slot}`, wide: true },
  { head: 'LIFE', of: ({ incarnation }) => String(incarnation), wide: true },
  { head: 'REUSABLE', of: ({ reusableAt }) => (reusableAt === undefined ? NONE : timeText(reusableAt)), wide: true },
];

export const pastColumns: readonly Column<PastLease>[] = [
  { head: 'FROM', of: ({ from }) => timeText(from) },
  { head: 'TO', of: ({ to }) => (to === undefined ? { text: 'now', tone: 'good' } : timeText(to)) },
  { head: 'ADDRESS', of: ({ addresses }) => addressesText(addresses) },
  { head: 'POD', of: ({ pod, containerId }) => podCell(pod, containerId), shrinks: true },
  { head: 'NODE', of: ({ node }) => node, shrinks: true },
  { head: 'POOL', of: ({ pool }) => pool, wide: true },
  { head: 'NETWORK', of: ({ network }) => network, wide: true },
  { head: 'INTERFACE', of: ({ ifname }) => ifname, wide: true },
  { head: 'CONTAINER', of: ({ containerId }) => containerId ?? NONE, wide: true },
  { head: 'LIFE', of: ({ incarnation }) => String(incarnation), wide: true },
];
