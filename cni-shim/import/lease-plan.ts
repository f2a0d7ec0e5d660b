/** Which lease an attachment gets: exactly its addresses, or none. Whatever is in the way is named, with both sides. */
import { parseAddress } from '../../core/addresses/address.ts';
import type { SlotReference } from '../../core/contract/ids.ts';
import type { AddressToImport, ImportBlock, ImportHolder, ImportOutlook } from '../../core/contract/imports.ts';
import { type PoolSpace, poolSpace } from '../../core/pools/pool-space.ts';
import { blockFromText } from '../../core/protocol/slot-ref.ts';
import type { LeaseToImport } from '../node/imports.ts';
import { slotName } from '../node/journal-entry.ts';
import type { ImportCandidate } from './attachments.ts';

export type PlannedLease = Pick<LeaseToImport, 'slots' | 'addresses'> & {
  /** The nonce under which the service has it for this attachment already. */
  readonly heldUnder: string | undefined;
  /** Addresses that the pool hands out to nobody: the container keeps them until it ends. */
  readonly excluded: readonly string[];
};
export type LeasePlan =
  | ({ readonly kind: 'lease' } & PlannedLease)
  | { readonly kind: 'conflict'; readonly why: string };

/** For whom a block would be claimed. */
export interface BlockClaimant {
  readonly node: string;
  readonly boot: string;
  readonly journal: string | undefined;
}

/** What the service said, of all addresses. */
export interface PoolToImport {
  readonly pool: ImportOutlook['pool'];
  readonly space: PoolSpace;
  /** The pool's space where nothing is excluded: what cannot be handed out there is no host's address. */
  readonly bare: PoolSpace;
  readonly addresses: ReadonlyMap<string, AddressToImport>;
  /** Of blocks of the pool: an address in it that another node has, as the other IPAM says. */
  readonly foreign: ReadonlyMap<string, string>;
}

/** @param others of this node's blocks: addresses of other nodes, but those that these borrowed */
export function outlookOf(
  pages: readonly ImportOutlook[],
  others: ReadonlyMap<string, string>,
): PoolToImport | undefined {
  const [first] = pages;
  if (first === undefined) return undefined;
  const { pool } = first;
  const space = poolSpace(pool);
  const foreign = new Map<string, string>();
  for (const [address, node] of others) {
    const parsed = parseAddress(address);
    const at = parsed && space.find(parsed);
    if (at !== undefined) foreign.set(at.block.toString(16), `${address} of node ${node}`);
  }
  return {
    ...{ pool, space, foreign },
    bare: poolSpace({ ...pool, exclude: [], reservations: [] }),
    addresses: new Map(pages.flatMap((page) => page.addresses.map((one) => [one.address, one]))),
  };
}

/** An address that the pool has. */
interface Located {
  readonly set: number;
  readonly address: string;
  readonly slot: SlotReference;
  readonly of: AddressToImport;
}

export function planLease(candidate: ImportCandidate, outlook: PoolToImport, claimant: BlockClaimant): LeasePlan {
  const located: Located[] = [];
  for (const text of candidate.addresses) {
    const one = locate(text, outlook);
    const why =
      one === undefined
        ? `${text} is not in the ranges of pool ${outlook.pool.name}`
        : (sameSet(one, located) ?? obstacle(candidate, outlook, claimant, one));
    if (one === undefined || why !== undefined) return { kind: 'conflict', why: why ?? text };
    located.push(one);
  }
  return leaseOf(located, outlook);
}

function locate(text: string, { addresses, space }: PoolToImport): Located | undefined {
  const of = addresses.get(text);
  const address = parseAddress(text);
  const at = address && space.find(address);
  return of?.slot === undefined || at === undefined ? undefined : { set: at.set, address: text, slot: of.slot, of };
}

function sameSet({ set, address }: Located, before: readonly Located[]): string | undefined {
  const other = before.find((one) => one.set === set);
  return other && `it has ${other.address} and ${address}, and an attachment has one address of each range set`;
}

function leaseOf(located: readonly Located[], { space }: PoolToImport): LeasePlan {
  const inOrder = [...located].sort((a, b) => a.set - b.set);
  const [first, ...more] = [...new Map(inOrder.map(({ slot }) => [slotName(slot), slot])).values()];
  if (first === undefined) return { kind: 'conflict', why: 'it has no address' };
  const nonces = new Set(inOrder.map(({ of }) => of.holder?.nonce));
  const [nonce] = nonces;
  const isHandedOut = ({ block, slot }: SlotReference) => space.isRequestable(blockFromText(block), slot);
  return {
    kind: 'lease',
    slots: [first, ...more],
    addresses: inOrder.flatMap(({ set, slot }) => space.addressOf(set, blockFromText(slot.block), slot.slot) ?? []),
    heldUnder: nonces.size === 1 ? nonce : undefined,
    excluded: inOrder.flatMap(({ address, slot }) => (isHandedOut(slot) ? [] : [address])),
  };
}

function obstacle(
  { attachment, borrowedFrom }: ImportCandidate,
  { pool, bare, foreign }: PoolToImport,
  claimant: BlockClaimant,
  { address, slot, of: { closed, holder, block } }: Located,
): string | undefined {
  const index = blockFromText(slot.block);
  if (!bare.isRequestable(index, slot.slot))
    return `${address} is a gateway, a network or a broadcast address in pool ${pool.name}, or goes with one`;
  if (holder !== undefined && !isIts(holder, attachment, claimant))
    return `${address} is held by ${holderText(holder)}`;
  if (closed === true)
    return `${address} lies in a part of pool ${pool.name} that was excluded when the pool was made: let the pool come to be without it, and exclude afterwards`;
  if (block === undefined) return undefined;
  if (!bare.isWhole(index, slot.slot)) return `${address} lies behind the last whole slot of pool ${pool.name}`;
  if (borrowedFrom !== undefined)
    return `${address} lies in a block of node ${borrowedFrom}, from which it was borrowed: a block of pool ${pool.name} belongs to one node`;
  const other = foreign.get(slot.block);
  if (other !== undefined)
    return `its block ${slot.block} of pool ${pool.name} has ${other} too: the pool's blocks (${pool.blockSize} addresses) are not those of the other IPAM`;
  return obstacleOfBlock(block, claimant, pool.name);
}

/** As `claim` and `ownedByCaller` have it: nobody's, or this node's in this boot and with this journal. */
function obstacleOfBlock(block: ImportBlock, { node, boot, journal }: BlockClaimant, pool: string): string | undefined {
  const which = `its block ${block.block} of pool ${pool}`;
  if (block.state === 'free') return undefined;
  if (block.state !== 'claimed') return `${which} is ${block.state}`;
  if (block.node !== node) return `${which} is node ${block.node}'s`;
  if (block.boot !== boot)
    return `${which} is of an earlier boot of this node: the first ADD of this boot takes it up, then import again`;
  if (block.journal !== journal)
    return `${which} is this node's under a journal that was lost: import after the next boot`;
  return undefined;
}

const isIts = (holder: ImportHolder, attachment: ImportCandidate['attachment'], { node }: BlockClaimant): boolean =>
  holder.node === node &&
  holder.attachment.network === attachment.network &&
  holder.attachment.containerId === attachment.containerId &&
  holder.attachment.ifname === attachment.ifname;

const holderText = ({ node, attachment: { containerId, ifname, network } }: ImportHolder): string =>
  `container ${containerId} (${ifname}, network ${network}) of node ${node}`;
