/** The store in memory: the same operations under the same conditions, for tests that need speed or a scheduler's hand. */
import type { PoolDefinition } from './contract/messages.ts';
import {
  type Against,
  against,
  againstHolding,
  allows,
  type SlotKey,
  type SlotOperation,
  type SlotState,
} from './lease.ts';
import type { DeathRecord, NodeState } from './node.ts';
import { blockToText } from './pool-space.ts';
import type { Registry } from './registry.ts';
import type { LeaseStore, NodeStore, PoolStore, Store } from './store.ts';

const copy = <T>(value: T): T => structuredClone(value);

/** `permits` decides whether an operation may change a slot; a test puts a broken one in its place. */
export function memoryStore(permits: typeof allows = allows): Store {
  return { leases: memoryLeases(permits), pools: memoryPools(), nodes: memoryNodes() };
}

function memoryLeases(permits: typeof allows): LeaseStore {
  const slots = new Map<string, SlotState>();
  const keyOf = ({ pool, block, slot }: SlotKey) => `${pool}/${blockToText(block)}/${slot}`;
  const free = (key: SlotKey, operation: SlotOperation, compared: Against, reusableAt: number): boolean => {
    const current = slots.get(keyOf(key));
    if (current === undefined || !permits(operation, current, compared)) return false;
    slots.set(keyOf(key), { ...current, held: false, reusableAt });
    return true;
  };
  return {
    async hold(key, holding, generation) {
      const current = slots.get(keyOf(key));
      if (!permits('hold', current, againstHolding(holding, generation)))
        return { held: false, current: copy(current) };
      slots.set(keyOf(key), copy({ held: true, generation, reusableAt: 0, holding }));
      return { held: true };
    },
    async release(key, by, reusableAt) {
      return free(key, 'release', against(by), reusableAt);
    },
    async sweep(key, by, reusableAt) {
      return free(key, 'sweep', against(by), reusableAt);
    },
    async advance(key, generation) {
      const current = slots.get(keyOf(key));
      if (!permits('advance', current, against({ generation }))) return false;
      slots.set(keyOf(key), { reusableAt: 0, ...current, held: false, generation });
      return true;
    },
    async evict(key, generation, reusableAt) {
      const current = slots.get(keyOf(key));
      if (!free(key, 'evict', against({ generation }), reusableAt)) return false;
      slots.set(keyOf(key), { ...current, held: false, reusableAt, generation });
      return true;
    },
    async readBlock({ pool, block }) {
      const prefix = `${pool}/${blockToText(block)}/`;
      const found = [...slots].filter(([key]) => key.startsWith(prefix));
      return new Map(found.map(([key, state]) => [Number(key.slice(prefix.length)), copy(state)]));
    },
  };
}

function memoryPools(): PoolStore {
  const registries = new Map<string, Registry>();
  const pools = new Map<string, PoolDefinition>();
  return {
    async readRegistry(vrf) {
      return copy(registries.get(vrf) ?? { vrf, version: 0, pools: [] });
    },
    async writeRegistry(registry) {
      if ((registries.get(registry.vrf)?.version ?? 0) !== registry.version - 1) return false;
      registries.set(registry.vrf, copy(registry));
      return true;
    },
    async readPool(id) {
      return copy(pools.get(id));
    },
    async createPool(pool) {
      if (pools.has(pool.id)) return false;
      pools.set(pool.id, copy(pool));
      return true;
    },
  };
}

function memoryNodes(): NodeStore {
  const nodes = new Map<string, NodeState>();
  const deaths = new Map<string, DeathRecord>();
  return {
    async readNode(id) {
      return copy(nodes.get(id));
    },
    async join(id, places, boot) {
      const node = nodes.get(id) ?? { id, alive: true, incarnation: 1, boot, places: new Set<string>() };
      if (!node.alive || node.boot !== boot) return { joined: false, node: copy(node) };
      const joined = { ...node, places: new Set([...node.places, ...places]) };
      nodes.set(id, joined);
      return { joined: true, node: copy(joined) };
    },
    async beginLife(id, incarnation, boot) {
      const node = nodes.get(id);
      if (node?.incarnation !== incarnation) return false;
      nodes.set(id, { ...node, alive: true, incarnation: incarnation + 1, boot });
      return true;
    },
    async markDead(id, incarnation) {
      const node = nodes.get(id);
      if (!node?.alive || node.incarnation !== incarnation) return false;
      nodes.set(id, { ...node, alive: false });
      return true;
    },
    async recordDeath(record) {
      const known = deaths.get(record.node);
      if (known && known.incarnation >= record.incarnation) return false;
      deaths.set(record.node, copy(record));
      return true;
    },
    async listDeaths() {
      return copy([...deaths.values()]);
    },
    async recordSweep(id, incarnation, freed, now) {
      const known = deaths.get(id);
      if (known?.incarnation !== incarnation) return false;
      deaths.set(id, { ...known, freed: known.freed + freed, sweptAt: now });
      return true;
    },
  };
}
