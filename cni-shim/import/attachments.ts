/** From single allocations to the attachments that are to have leases: one may have an address of each family. */
import type { Attachment, Pod } from '../../core/contract/ids.ts';
import type { ContainerStanding, Judged } from './evidence.ts';

/** An attachment of this node with all its addresses. */
export interface ImportCandidate {
  readonly attachment: Attachment;
  readonly pod: Pod | undefined;
  readonly netns: string | undefined;
  readonly standing: 'living' | 'unproven';
  readonly why: string;
  readonly addresses: readonly string[];
  /** Where they are written down. */
  readonly from: readonly string[];
  readonly borrowedFrom: string | undefined;
}

/** What is not to be imported, and why. */
export interface LeftOut {
  readonly containerId: string;
  readonly ifname: string | undefined;
  readonly pod: Pod | undefined;
  readonly addresses: readonly string[];
  readonly from: readonly string[];
  readonly outcome: 'elsewhere' | 'over' | 'nowhere' | 'conflict';
  readonly why: string;
}

/** What is known of one of its addresses is known of the attachment. */
const STRONGEST: readonly ContainerStanding[] = ['living', 'unproven', 'elsewhere', 'nowhere', 'over'];

export function attachmentsOf(
  judged: readonly Judged[],
  { network, ifname }: { readonly network: string; readonly ifname: string | undefined },
): { readonly candidates: readonly ImportCandidate[]; readonly leftOut: readonly LeftOut[] } {
  const groups = new Map<string, Judged[]>();
  for (const one of judged) {
    const key = `${one.allocation.containerId} ${one.ifname ?? ifname ?? ''}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const [candidates, leftOut]: [ImportCandidate[], LeftOut[]] = [[], []];
  const others = holdersOf(judged);
  for (const group of groups.values()) {
    const [strongest, ...rest] = [...group].sort(
      (a, b) => STRONGEST.indexOf(a.standing) - STRONGEST.indexOf(b.standing),
    );
    if (strongest === undefined) continue;
    const { containerId } = strongest.allocation;
    const all = [strongest, ...rest];
    const about = {
      ...{ containerId, ifname: strongest.ifname ?? ifname },
      pod: all.find(({ pod }) => pod !== undefined)?.pod,
      addresses: [...new Set(group.map(({ allocation }) => allocation.address))],
      from: group.map(({ allocation }) => allocation.from),
    };
    const { standing, why } = strongest;
    if (standing !== 'living' && standing !== 'unproven') {
      leftOut.push({ ...about, outcome: standing, why });
      continue;
    }
    const conflict = about.ifname === undefined ? NO_INTERFACE : sharedWith(all, others);
    if (conflict !== undefined || about.ifname === undefined) {
      leftOut.push({ ...about, outcome: 'conflict', why: conflict ?? NO_INTERFACE });
      continue;
    }
    candidates.push({
      attachment: { network, containerId, ifname: about.ifname },
      ...{ pod: about.pod, addresses: about.addresses, from: about.from, standing, why },
      netns: all.find(({ netns }) => netns !== undefined)?.netns,
      borrowedFrom: all.find(({ allocation }) => allocation.borrowedFrom !== undefined)?.allocation.borrowedFrom,
    });
  }
  return { candidates, leftOut };
}

const NO_INTERFACE = 'its interface is not written down: give --ifname, or the pods with --pods';

/** By address, those that may live. */
function holdersOf(judged: readonly Judged[]): ReadonlyMap<string, readonly Judged[]> {
  const found = new Map<string, Judged[]>();
  for (const one of judged) {
    if (one.standing === 'over') continue;
    found.set(one.allocation.address, [...(found.get(one.allocation.address) ?? []), one]);
  }
  return found;
}

/** Of an address that is written down for another container as well, nobody can say whose it is. */
function sharedWith(group: readonly Judged[], others: ReadonlyMap<string, readonly Judged[]>): string | undefined {
  for (const { allocation, ifname } of group) {
    const { address, containerId } = allocation;
    const other = others
      .get(address)
      ?.find((one) => one.allocation.containerId !== containerId || one.ifname !== ifname);
    if (other !== undefined)
      return `${address} is allocated to container ${other.allocation.containerId} as well (${other.allocation.from})`;
  }
  return undefined;
}
