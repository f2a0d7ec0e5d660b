/** The store in memory: the same operations under the same conditions, for tests that need speed or a scheduler's hand. */

import { type BlockOperation, type BlockState, blockAllows, shardOf } from '../../core/protocol/block.ts';
import {
  type Against,
  against,
  againstHolding,
  allows,
  type Ending,
  endedAtOf,
  type Holding,
  type SlotOperation,
  type SlotState,
} from '../../core/protocol/lease.ts';
import type { NodeState } from '../../core/protocol/node.ts';
import { type BlockKey, blockToText, type SlotKey } from '../../core/protocol/slot-ref.ts';
import type { BlockStore, LeaseStore, NodeStore, Store } from '../../core/store.ts';
import { packRegistry } from '../../functions/store/registry-item.ts';
import { copy } from './copy.ts';
import type { identityAllows } from './identity-conditions.ts';
import { memoryCounters } from './memory-counters.ts';
import { memoryDeaths } from './memory-deaths.ts';
import { memoryFills } from './memory-fills.ts';
import { memoryHistory } from './memory-history.ts';
import { memoryIdentities } from './memory-identities.ts';
import { memoryNodeList } from './memory-node-list.ts';
import { memoryPools } from './memory-pools.ts';
import { nodeAllows } from './node-conditions.ts';

/** What else than slots is decided by conditions that a test may take away. */
interface Permits {
  readonly blocks?: typeof blockAllows;
  readonly nodes?: typeof nodeAllows;
  readonly identities?: typeof identityAllows;
}

/** `permits` decides whether an operation may change a slot; a test puts a broken one in its place. */
export function memoryStore(permits: typeof allows = allows, { blocks, nodes, identities }: Permits = {}): Store {
  return {
    leases: memoryLeases(permits),
    pools: memoryPools(),
    blocks: memoryBlocks(blocks),
    nodes: memoryNodes(nodes),
    counters: memoryCounters(),
    fills: memoryFills(),
    identities: memoryIdentities(identities),
    history: memoryHistory(),
    registryBytes: (registry) => packRegistry(registry).length,
  };
}

function memoryLeases(permits: typeof allows): LeaseStore {
  const blocks = new Map<string, Map<number, SlotState>>();
  const inBlock = ({ pool, block }: BlockKey) => {
    const key = `${pool}/${blockToText(block)}`;
    const found = blocks.get(key) ?? new Map<number, SlotState>();
    blocks.set(key, found);
    return found;
  };
  const get = (key: SlotKey) => inBlock(key).get(key.slot);
  const put = (key: SlotKey, state: SlotState) => void inBlock(key).set(key.slot, state);
  const free = (key: SlotKey, operation: SlotOperation, compared: Against, ending: Ending): boolean => {
    const current = get(key);
    if (current === undefined || !permits(operation, current, compared)) return false;
    put(key, { ...current, held: false, ...endOf(current, ending) });
    return true;
  };
  const occupy = async (operation: 'hold' | 'assert', key: SlotKey, holding: Holding, compared: Against) => {
    const current = get(key);
    if (!permits(operation, current, compared)) return { held: false as const, current: copy(current) };
    const ended = current?.endedAt === undefined ? {} : { endedAt: current.endedAt };
    const heldAt = Math.max(holding.heldAt, current?.endedAt ?? 0);
    const held = { held: true, generation: compared.generation, reusableAt: 0, holding: { ...holding, heldAt } };
    put(key, copy({ ...held, ...ended }));
    return { held: true as const };
  };
  return {
    hold: (key, holding, generation, sticky = false) =>
      occupy('hold', key, holding, againstHolding(holding, generation, sticky)),
    assert: (key, holding, generation) => occupy('assert', key, holding, againstHolding(holding, generation, false)),
    async release(key, by, ending) {
      if (free(key, 'release', against(by), ending)) return { released: true };
      return { released: false, current: copy(get(key)) };
    },
    async sweep(key, by, ending) {
      return free(key, 'sweep', against(by), ending);
    },
    async advance(key, generation) {
      const current = get(key);
      if (!permits('advance', current, against({ generation }))) return false;
      put(key, { reusableAt: 0, ...current, held: false, generation });
      return true;
    },
    async evict(key, generation, ending) {
      if (!free(key, 'evict', against({ generation }), ending)) return false;
      put(key, { ...(get(key) as SlotState), generation });
      return true;
    },
    async readSlot(key) {
      return copy(get(key));
    },
    async readBlock(key, nonce) {
      const slots = copy(inBlock(key));
      if (nonce === undefined) return slots;
      const use = ({ held, generation, reusableAt }: SlotState): SlotState => ({ held, generation, reusableAt });
      return new Map([...slots].map(([slot, one]) => [slot, one.holding?.nonce === nonce ? one : use(one)]));
    },
  };
}

/** What is written of an ending: an identity's slot is kept for it. */
function endOf(slot: SlotState, { keptUntil, reusableAt, endedAt }: Ending): Omit<Ending, 'keptUntil'> {
  const isKept = slot.holding?.identity !== undefined && keptUntil !== undefined;
  return { endedAt: endedAtOf(slot, endedAt), reusableAt: isKept ? keptUntil : reusableAt };
}

function memoryBlocks(permits: typeof blockAllows = blockAllows): BlockStore {
  const shards = new Map<string, Map<bigint, BlockState>>();
  const shard = (pool: string, index: bigint) => {
    const key = `${pool}/${blockToText(index)}`;
    const found = shards.get(key) ?? new Map<bigint, BlockState>();
    shards.set(key, found);
    return found;
  };
  const current = ({ pool, block }: BlockKey) => shard(pool, shardOf(block)).get(block);
  const change = (
    operation: BlockOperation,
    key: BlockKey,
    generation: number,
    to: (current: BlockState | undefined) => BlockState,
  ): boolean => {
    const before = current(key);
    if (!permits(operation, before, generation)) return false;
    shard(key.pool, shardOf(key.block)).set(key.block, copy(to(before)));
    return true;
  };
  const next = (current: BlockState | undefined) => (current?.generation ?? 0) + 1;
  const kept = (current: BlockState | undefined) => (current?.owner ? { owner: current.owner } : {});
  return {
    async read(key) {
      return copy(current(key));
    },
    async readShard(pool, index) {
      return copy(shard(pool, index));
    },
    async claim(key, owner) {
      const claimed = change('claim', key, 0, (current) => ({
        state: 'claimed',
        generation: next(current),
        forced: false,
        owner,
      }));
      return { claimed, block: copy(current(key) as BlockState) };
    },
    async takeUp(key, generation, owner) {
      return change('takeUp', key, generation, (current) => ({
        state: 'claimed',
        generation: next(current),
        forced: false,
        owner,
      }));
    },
    async fence(key, generation, forced) {
      return change('fence', key, generation, (current) => ({
        state: 'releasing',
        generation: next(current),
        forced,
        ...kept(current),
      }));
    },
    async abort(key, generation) {
      return change('abort', key, generation, (current) => ({
        state: 'claimed',
        generation: current?.generation ?? 0,
        forced: false,
        ...kept(current),
      }));
    },
    async finish(key, generation) {
      return change('finish', key, generation, (current) => ({
        state: 'free',
        generation: current?.generation ?? 0,
        forced: false,
      }));
    },
    async seal(key) {
      return change('seal', key, 0, (current) => ({ state: 'sealed', generation: next(current), forced: false }));
    },
  };
}

function memoryNodes(permits: typeof nodeAllows = nodeAllows): NodeStore {
  const nodes = new Map<string, NodeState>();
  /** When it joined last. */
  const seen = new Map<string, number>();
  const list = memoryNodeList();
  return {
    ...memoryDeaths(),
    ...list,
    async readNode(id) {
      return copy(nodes.get(id));
    },
    async join(id, joinedBlocks, boot, now, isListed = true) {
      const known = nodes.get(id);
      const node = known ?? {
        id,
        alive: true,
        incarnation: 1,
        boot,
        firstOfBoot: 1,
        earlier: [],
        joinedBlocks: new Set<string>(),
      };
      if (known === undefined && !isListed)
        return { joined: false, node: { ...node, alive: false, incarnation: 0 }, before: new Set() };
      if (!permits('join', known, { boot }))
        return { joined: false, node: copy(node), before: copy(node.joinedBlocks) };
      const joined = { ...node, boot, joinedBlocks: new Set([...node.joinedBlocks, ...joinedBlocks]) };
      nodes.set(id, joined);
      seen.set(id, now);
      return { joined: true, node: copy(joined), before: copy(node.joinedBlocks) };
    },
    async beginLife(id, incarnation, boots, now) {
      const node = nodes.get(id);
      if (node === undefined || !permits('beginLife', node, { incarnation })) return false;
      nodes.set(id, { ...node, alive: true, incarnation: incarnation + 1, ...copy(boots) });
      seen.set(id, now);
      return true;
    },
    async readHeartbeat(id) {
      if (!nodes.has(id)) return undefined;
      const { heartbeatAt = 0, name, version, journal } = (await list.readListed(id)) ?? {};
      return {
        heartbeatAt: Math.max(heartbeatAt, seen.get(id) ?? 0),
        ...(name === undefined ? {} : { name }),
        ...(version === undefined ? {} : { version }),
        ...(journal === undefined ? {} : { journal }),
      };
    },
    async markDead(id, incarnation, diedAt) {
      const node = nodes.get(id);
      if (node === undefined || !permits('markDead', node, { incarnation })) return false;
      nodes.set(id, { ...node, alive: false, diedAt });
      return true;
    },
  };
}
