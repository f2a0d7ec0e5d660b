/**
 * A VRF's list of pools as an item: JSON in which keys and what is not said are left out, compressed. So thousands of pools fit
 * into one item, and one read brings them all.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import * as z from 'zod/mini';
import { defaultPolicy, poolDefinition } from '../../core/contract/pool.ts';
import type { ListedPolicy, RegisteredPool, Registry } from '../../core/pools/registry.ts';

type RangeTuple = readonly [subnet: string, rangeStart: string, rangeEnd: string, gateway: string];
/** c clusters, n namespaces, l labels of nodes, d default, o order, s state unless it is active. */
interface PackedPolicy {
  readonly c?: ListedPolicy['clusters'];
  readonly n?: ListedPolicy['namespaces'];
  readonly l?: ListedPolicy['nodeLabels'];
  readonly d?: true;
  readonly o?: number;
  readonly s?: ListedPolicy['state'];
}
type Packed = readonly [id: string, name: string, ranges: readonly (readonly RangeTuple[])[], policy?: PackedPolicy];

/** Its size is asked for before it is written: it is packed once. */
const packed = new WeakMap<Registry, Uint8Array>();

export function packRegistry(registry: Registry): Uint8Array {
  const known = packed.get(registry);
  if (known) return known;
  const bytes = gzipSync(JSON.stringify(registry.pools.map(packPool)));
  packed.set(registry, bytes);
  return bytes;
}

function packPool({ id, name, ranges, policy }: RegisteredPool): Packed {
  const tuples = ranges.map((set) =>
    set.map(({ subnet, rangeStart, rangeEnd, gateway }): RangeTuple => [subnet, rangeStart, rangeEnd, gateway]),
  );
  return policy === undefined ? [id, name, tuples] : [id, name, tuples, packPolicy(policy)];
}

const packPolicy = ({
  clusters,
  namespaces,
  nodeLabels,
  default: isDefault,
  order,
  state,
}: ListedPolicy): PackedPolicy => ({
  ...(clusters.length === 0 ? {} : { c: clusters }),
  ...(namespaces.length === 0 ? {} : { n: namespaces }),
  ...(Object.keys(nodeLabels).length === 0 ? {} : { l: nodeLabels }),
  ...(isDefault ? { d: true } : {}),
  ...(order === defaultPolicy.order ? {} : { o: order }),
  ...(state === 'active' ? {} : { s: state }),
});

function unpackPool([id, name, tuples, policy]: Packed): RegisteredPool {
  const ranges = tuples.map((set) =>
    set.map(([subnet, rangeStart, rangeEnd, gateway]) => ({ subnet, rangeStart, rangeEnd, gateway })),
  );
  return { id, name, ranges, ...(policy === undefined ? {} : { policy: unpackPolicy(policy) }) };
}

const unpackPolicy = ({ c, n, l, d, o, s }: PackedPolicy): ListedPolicy => ({
  clusters: c ?? [],
  namespaces: n ?? [],
  nodeLabels: l ?? {},
  default: d ?? false,
  order: o ?? defaultPolicy.order,
  state: s ?? 'active',
});

/** `z` the list. An earlier version wrote it plainly, as `pools`. */
const storedRegistry = z.object({
  v: z.int(),
  z: z.optional(z.instanceof(Uint8Array)),
  pools: z.optional(z.array(z.pick(poolDefinition, { id: true, name: true, ranges: true }))),
});

export function registryOf(vrf: string, item: Record<string, unknown> | undefined): Registry {
  if (item === undefined) return { vrf, version: 0, pools: [] };
  const { v, z: bytes, pools = [] } = storedRegistry.parse(item);
  if (bytes === undefined) return { vrf, version: v, pools };
  const list: readonly Packed[] = JSON.parse(gunzipSync(bytes).toString());
  return { vrf, version: v, pools: list.map(unpackPool) };
}
