/** A node, as far as its plugin and agent know of leases: its journal, what it was told in this boot, what it may propose. */
import type { SlotReference } from '../../core/contract/ids.ts';
import type { AllocateRequest, AllocateResult } from '../../core/contract/lease.ts';
import { type SlotKey, slotFromWire } from '../../core/protocol/slot-ref.ts';
import type { Configuration } from './configurations.ts';
import type { Try } from './slot.ts';
import type { Stage } from './stage.ts';

export interface Proposal extends SlotReference {
  readonly generation: number;
  readonly life: number;
}

/** An entry of the journal. */
export interface Entry {
  readonly by: Try;
  readonly boot: number;
  state: 'asked' | 'acknowledged' | 'local' | 'leaving';
  slot: SlotReference | undefined;
  proposed: Proposal | undefined;
  /** How many requests were sent for it: a single one that was answered can hold nothing else. */
  asks: number;
  /** Blocks of which its first request said that the node leases there by itself. */
  leasesFrom: ReadonlySet<string>;
}

export interface Machine {
  readonly id: string;
  readonly index: number;
  /** Its nonces begin with it. */
  readonly journal: string;
  boot: number;
  /** As the service told it in this boot. */
  life: number | undefined;
  readonly blocks: Map<string, { readonly generation: number; readonly life: number }>;
  readonly former: Map<string, number>;
  /** Block and generation that it gave back in this boot. */
  readonly returned: Set<string>;
  readonly entries: Set<Entry>;
}

export function machine({ twins }: Configuration, index: number): Machine {
  return {
    id: `i-${index}`,
    index,
    journal: (twins ? 1 : index + 1).toString(16).padStart(16, '0'),
    boot: 1,
    life: undefined,
    blocks: new Map(),
    former: new Map(),
    returned: new Set(),
    entries: new Set(),
  };
}

export const bootOf = (boot: number): string => `boot-${boot}`;

/** The try of a container of this node, in its `turn`-th life. */
export function tryOf({ configuration }: Stage, { id, journal }: Machine, container: number, turn: number): Try {
  const { twins, oneNonce, pods, identities } = configuration;
  const number = oneNonce ? turn : container * 1000 + turn;
  const pod = pods === undefined ? {} : { pod: `shop/web-${(container + turn) % pods}` };
  const whose =
    identities === undefined
      ? pod
      : { pod: `shop/launcher-${id}-${container}-${turn}`, identity: `shop/vm-${(container + turn) % identities}` };
  return {
    node: id,
    containerId: twins ? `c${container}` : `${id}-c${container}`,
    nonce: `${journal}${number.toString(16).padStart(16, '0')}`,
    ...whose,
  };
}

export const attachmentOf = ({ containerId }: Try) => ({ network: 'blue', containerId, ifname: 'eth0' });

export function podOf({ pod, identity }: Try) {
  const [namespace = '', name = ''] = pod?.split('/') ?? [];
  const [, its] = identity?.split('/') ?? [];
  return {
    ...(pod === undefined ? {} : { pod: { namespace, name } }),
    ...(its === undefined ? {} : { identity: its }),
  };
}

export const sameSlot = (a: SlotReference | undefined, b: SlotReference): boolean =>
  a?.pool === b.pool && a.block === b.block && a.slot === b.slot;

/** `propose.slotUnjournaled`: no entry of the journal has it, not even one whose release is still to be told. */
const isUnjournaled = ({ entries }: Machine, slot: SlotReference): boolean =>
  ![...entries].some((entry) => sameSlot(entry.slot, slot) || sameSlot(entry.proposed, slot));

/** What the node proposes for its next container. @param liked the slot that the container had before */
export function propose(stage: Stage, node: Machine, liked: SlotReference | undefined): Proposal | undefined {
  const { chance, pool, configuration } = stage;
  const { affinity, addresses, blockSize, proposes = 0.8 } = configuration;
  const blocks: [string, { generation: number; life: number }][] =
    affinity === 'node'
      ? [...node.blocks]
      : Array.from({ length: Math.ceil(addresses / blockSize) }, (_, block) => [
          block.toString(16),
          { generation: 1, life: 0 },
        ]);
  const all = blocks.flatMap(([block, known]) =>
    Array.from({ length: blockSize }, (_, slot): Proposal => ({ pool: pool.id, block, slot, ...known })),
  );
  const usable = all.filter((slot) => isUnjournaled(node, slot));
  const again = usable.find((slot) => sameSlot(liked, slot));
  if (again && chance.happens(0.7)) return again;
  return usable.length === 0 || !chance.happens(proposes) ? undefined : chance.pick(usable);
}

export function requestOf({ pool, configuration }: Stage, node: Machine, entry: Entry, attempt: number) {
  const { proposed, by } = entry;
  const isOwned = configuration.affinity === 'node';
  const former = [...node.former].map(([block, generation]) => ({ pool: pool.id, block, generation }));
  const request: AllocateRequest = {
    attachment: attachmentOf(by),
    nonce: by.nonce,
    attempt,
    boot: bootOf(entry.boot),
    pool: { vrf: 'default', name: pool.name },
    ...(proposed ? { proposal: { pool: proposed.pool, block: proposed.block, slot: proposed.slot } } : {}),
    ...(proposed && isOwned ? { generation: proposed.generation } : {}),
    ...(node.life === undefined ? {} : { incarnation: node.life }),
    ...(isOwned && former.length > 0 ? { formerBlocks: former } : {}),
    ...(configuration.delegated === 'said' && node.blocks.size > 0 ? { leasesFrom: leasesFrom(pool.id, node) } : {}),
    ...podOf(by),
  };
  return request;
}

const leasesFrom = (pool: string, { blocks }: Machine) =>
  [...blocks].map(([block, { generation }]) => ({ pool, block, generation }));

/** What an answer tells the node, if it is of this boot: old news gives no block back. */
export function learn(node: Machine, entry: Entry, { incarnation, blocks, former }: AllocateResult): void {
  if (node.boot !== entry.boot) return;
  node.life = Math.max(node.life ?? 0, incarnation);
  const { proposed } = entry;
  const isMissing = proposed && !blocks.some(({ block }) => block === proposed.block);
  if (isMissing && node.blocks.get(proposed.block)?.generation === proposed.generation)
    node.blocks.delete(proposed.block);
  for (const { block, generation } of blocks) {
    if (node.returned.has(`${block} ${generation}`) || generation < (node.blocks.get(block)?.generation ?? 0)) continue;
    node.blocks.set(block, { generation, life: incarnation });
    node.former.delete(block);
  }
  for (const { block, generation } of former ?? []) node.former.set(block, generation);
}

/** It goes down with its containers, and boots again: what it was told is of an earlier boot now. */
export function reboot({ history }: Pick<Stage, 'history'>, node: Machine): void {
  for (const entry of node.entries) ends({ history }, entry);
  node.boot += 1;
  node.life = undefined;
  for (const [block, { generation }] of node.blocks) node.former.set(block, generation);
  node.blocks.clear();
  node.returned.clear();
  node.entries.clear();
}

/** Nothing lives any more with it, also with what only the node knows. */
export function ends({ history }: Pick<Stage, 'history'>, entry: Entry): void {
  history.leaves(entry.by);
  if (entry.state !== 'local' || entry.slot === undefined) return;
  history.happens(slotFromWire(entry.slot), { kind: 'left', by: entry.by });
}

export const keyOf = (slot: SlotReference): SlotKey => slotFromWire(slot);
