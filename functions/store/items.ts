/** The items of the two tables: how keys are made, and how an item is read. Keys hold numbers, never textual addresses. */
import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { scatter } from '../../core/addresses/scatter.ts';
import { IDENTITY_SHARDS, most } from '../../core/contract/limits.ts';
import { poolDefinition } from '../../core/contract/pool.ts';
import { type BlockState, shardOf } from '../../core/protocol/block.ts';
import type { Counter, CounterKey } from '../../core/protocol/counter.ts';
import { type IdentityKey, identityPart, type KeptSlot } from '../../core/protocol/identity.ts';
import type { Holding, SlotState } from '../../core/protocol/lease.ts';
import type { NodeState } from '../../core/protocol/node.ts';
import { type BlockKey, blockFromText, blockToText, type SlotKey } from '../../core/protocol/slot-ref.ts';
import type { PoolState } from '../../core/store.ts';

type Item = Record<string, unknown>;

export const HELD = 1;
export const FREE = 0;
export const ALIVE = 'alive';
export const DEAD = 'dead';

export const keys = {
  registry: (vrf: string) => ({ pk: `V#${vrf}`, sk: 'REG' }),
  /** VRFs lie together: that is how all of them are found. */
  vrfs: 'VRFS',
  pool: (id: string) => ({ pk: `C#${id}`, sk: 'CFG' }),
  node: (id: string) => ({ pk: `N#${id}`, sk: 'N' }),
  /** Totals lie together: that is how all pools are found that ever had a lease. */
  totals: 'U',
  namespaces: (pool: string) => `U#${pool}`,
  counter: ({ pool, namespace }: CounterKey) =>
    namespace === undefined ? { pk: keys.totals, sk: pool } : { pk: keys.namespaces(pool), sk: `ns#${namespace}` },
  shard: (pool: string, shard: bigint) => `P#${pool}#${blockToText(shard)}`,
  fill: (pool: string) => ({ pk: `FILL#${pool}`, sk: 'FILL' }),
  identity: ({ pool, namespace, identity }: IdentityKey) => {
    const sk = `${pool}#${shortNamespace(namespace)}#${identity}`;
    return { pk: identityPart(scatter(sk) % IDENTITY_SHARDS), sk };
  },
  joined: (pool: string) => `J#${pool}`,
  block: ({ pool, block }: BlockKey) => ({ pk: keys.shard(pool, shardOf(block)), sk: blockToText(block) }),
  slots: ({ pool, block }: BlockKey) => `L#${pool}#${blockToText(block)}`,
  slot: (key: SlotKey) => ({ pk: keys.slots(key), sk: key.slot.toString(16).padStart(3, '0') }),
};

/**
 * DynamoDB takes sort keys of 1,024 bytes. A namespace of Kubernetes has 63; one of as many characters as a request may have, of three
 * bytes each, would leave too few for an identity.
 */
const shortNamespace = (namespace: string): string =>
  Buffer.byteLength(namespace) <= most.podText ? namespace : createHash('sha256').update(namespace).digest('hex');

export const slotOf = (item: Item): number => Number.parseInt(String(item.sk), 16);

/** s held or free, g generation, o container id, i interface, w network, n nonce, nd node, e incarnation, r reusable at, at held at, ns/p/u pod, id identity; x: when the last lease that ended here did. */
export function slotItem(holding: Holding, generation: number) {
  const { attachment, nonce, node, incarnation, heldAt, pod, identity } = holding;
  return {
    s: HELD,
    g: generation,
    o: attachment.containerId,
    i: attachment.ifname,
    w: attachment.network,
    n: nonce,
    nd: node,
    e: incarnation,
    r: 0,
    at: heldAt,
    ns: pod?.namespace,
    p: pod?.name,
    u: pod?.uid,
    id: identity,
  } satisfies Item;
}

const storedSlot = z.object({
  s: z.int(),
  g: z.int(),
  r: z.number(),
  o: z.optional(z.string()),
  i: z.optional(z.string()),
  w: z.optional(z.string()),
  n: z.optional(z.string()),
  nd: z.optional(z.string()),
  e: z.optional(z.int()),
  at: z.optional(z.number()),
  ns: z.optional(z.string()),
  p: z.optional(z.string()),
  u: z.optional(z.string()),
  id: z.optional(z.string()),
  x: z.optional(z.number()),
});

export function slotState(item: Item): SlotState {
  const { s, g, r, o, i, w, n, nd, e, at, ns, p, u, id, x } = storedSlot.parse(item);
  const ended = x === undefined ? {} : { endedAt: x };
  const state = { held: s === HELD, generation: g, reusableAt: r, ...ended };
  if (o === undefined || i === undefined || n === undefined || nd === undefined || at === undefined) return state;
  const pod =
    ns === undefined || p === undefined
      ? {}
      : { pod: { namespace: ns, name: p, ...(u === undefined ? {} : { uid: u }) } };
  const attachment = { network: w ?? '', containerId: o, ifname: i };
  const identity = id === undefined ? {} : { identity: id };
  return {
    ...state,
    holding: { attachment, nonce: n, node: nd, incarnation: e ?? 1, heldAt: at, ...pod, ...identity },
  };
}

const storedIdentity = z.object({ b: z.string(), s: z.int(), t: z.string() });

/** b block, s slot, t token. */
export function keptSlot(item: Item): KeptSlot {
  const { b, s, t } = storedIdentity.parse(item);
  return { block: blockFromText(b), slot: s, token: t };
}

const storedNode = z.object({
  st: z.string(),
  e: z.int(),
  boot: z.string(),
  e1: z._default(z.int(), 1),
  bs: z._default(z.array(z.object({ boot: z.string(), firstOfBoot: z.int() })), []),
  bl: z.optional(z.set(z.string())),
  diedAt: z.optional(z.number()),
});

export function nodeState(id: string, item: Item): NodeState {
  const { st, e, boot, e1, bs, bl, diedAt } = storedNode.parse(item);
  const boots = { boot, firstOfBoot: e1, earlier: bs };
  const died = diedAt === undefined ? {} : { diedAt };
  return { id, alive: st === ALIVE, incarnation: e, ...boots, joinedBlocks: bl ?? new Set(), ...died };
}

const storedIndex = z.union([z.int(), z.string()]);
const storedPool = z.object({
  def: poolDefinition,
  st: z.enum(['active', 'draining', 'closing']),
  fst: z.optional(storedIndex),
  opened: storedIndex,
  apart: z.optional(z.set(z.string())),
  jn: z.optional(z.literal(true)),
  v: z.int(),
  passed: z.optional(z.int()),
  passedAt: z.optional(z.int()),
});

/** A block as an attribute: a number, and beyond what a double counts as text. */
export const indexItem = (block: bigint): number | string =>
  block <= Number.MAX_SAFE_INTEGER ? Number(block) : blockToText(block);
const indexOf = (stored: number | string): bigint =>
  typeof stored === 'number' ? BigInt(stored) : blockFromText(stored);

/** The attribute of a pool in which blocks are counted that were opened apart for a part of the namespaces. */
export const openedForAttribute = (part: string): string => `f#${part}`;

/**
 * def definition, st state, fst and opened: blocks from the first up to the second are open, apart: blocks that are open beyond
 * them, f#<part> how many of those for which namespaces, jn whether joined stretches are noted, v version.
 */
export function poolState(item: Item): PoolState {
  const { def, st, fst, opened, apart, jn, v, passed, passedAt } = storedPool.parse(item);
  const inOrder = [...(apart ?? [])].map(blockFromText).sort((a, b) => (a < b ? -1 : 1));
  const openedFor = named(item, openedForAttribute('')).map(([part, count]) => [part, Number(count)] as const);
  return {
    definition: def,
    state: st,
    ...(fst === undefined ? {} : { first: indexOf(fst) }),
    open: indexOf(opened),
    ...(apart === undefined ? {} : { openApart: inOrder }),
    ...(openedFor.length === 0 ? {} : { openedFor: new Map(openedFor) }),
    ...(jn === undefined ? {} : { joinsNoted: jn }),
    version: v,
    ...(passed === undefined || passedAt === undefined ? {} : { passed: { blocks: passed, version: passedAt } }),
  };
}

/** So many of an item's last writes are known by their tokens. */
const TOKENS = 16;

/** Of pools and registries: the attribute in which the token of the write that makes this version is kept, until a later one takes its turn. */
export const tokenAttribute = (version: number): string => `w${version % TOKENS}`;

/** As it is created: nothing is open apart. */
export function poolItem({ definition, state, first, open, joinsNoted, version }: PoolState): Item {
  const from = first === undefined ? {} : { fst: indexItem(first) };
  const noted = joinsNoted === undefined ? {} : { jn: joinsNoted };
  const blocks = { ...from, opened: indexItem(open), ...noted };
  return { ...keys.pool(definition.id), def: definition, st: state, ...blocks, v: version };
}

const storedBlock = z.object({
  st: z.enum(['claimed', 'releasing', 'free', 'sealed']),
  g: z.int(),
  f: z.optional(z.boolean()),
  nd: z.optional(z.string()),
  e: z.optional(z.int()),
  boot: z.optional(z.string()),
  j: z.optional(z.string()),
});

/** st state, g generation, f forced, nd node, e incarnation, boot and j journal of its owner. */
export function blockState(item: Item): BlockState {
  const { st, g, f, nd, e, boot, j } = storedBlock.parse(item);
  const state = { state: st, generation: g, forced: f ?? false };
  if (nd === undefined || e === undefined || boot === undefined || j === undefined) return state;
  return { ...state, owner: { node: nd, incarnation: e, boot, journal: j } };
}

const storedCounter = z.object({
  held: z._default(z.int(), 0),
  v: z._default(z.int(), 0),
  rc: z._default(z.int(), 0),
  rcAt: z._default(z.number(), 0),
});

/** Of the version before: it is only forgotten. */
const FORMER_MARK = 'q#';
/** What all shards' names begin with says nothing, and each byte counts: with two sets of shards an item is to be a write unit. */
export const shortShard = (shard: string): string => shard.replace(/^shardId-0*/, '');
/** The attribute of a counter in which the last change of a shard is kept. */
export const shardAttribute = (shard: string): string =>
  shard.startsWith(FORMER_MARK) ? shard : `m#${shortShard(shard)}`;
/** Sequences have up to 40 digits, more than a number of DynamoDB: behind their length they compare as numbers do. */
export const sequenceText = (sequence: string): string => `${String(sequence.length).padStart(2, '0')}${sequence}`;
/** What was counted twice is refused by `<`: with its time, in seconds, a sequence is more than the bare one. */
export const countedText = (sequence: string, at: number): string =>
  `${sequenceText(sequence)}@${Math.floor(at / 1000).toString(36)}`;

/** The attributes of a pool's counter in which a namespace is counted. */
export const besideAttributes = (namespace: string) => ({ held: `h#${namespace}`, changes: `v#${namespace}` });

/**
 * held, v changes, rc recounts, rcAt recounted at or begun, m#<shard> the last change that was counted; h#<namespace> and
 * v#<namespace> the same of namespaces, b how many those are.
 */
export function counterOf(item: Item): Counter {
  const { held, v, rc, rcAt } = storedCounter.parse(item);
  const counted = named(item, shardAttribute('')).map(([shard, value]) => {
    const [sequence = '', at = ''] = String(value).split('@');
    return [shard, { sequence: sequence.slice(2), at: Number.parseInt(at, 36) * 1000 }] as const;
  });
  const former = named(item, FORMER_MARK).map(([shard, value]) => {
    const [sequence = '', at] = String(value).split('@');
    return [`${FORMER_MARK}${shard}`, { sequence, at: Number(at) }] as const;
  });
  const beside = named(item, besideAttributes('').held).map(([namespace, value]) => {
    const changes = Number(item[besideAttributes(namespace).changes] ?? 0);
    return [namespace, { held: Number(value), changes }] as const;
  });
  const counter = { held, changes: v, recounts: rc, recountedAt: rcAt, counted: new Map([...counted, ...former]) };
  return beside.length === 0 ? counter : { ...counter, beside: new Map(beside) };
}

/** The attributes whose names begin so, by the rest of their names. */
const named = (item: Item, prefix: string): [string, unknown][] =>
  Object.entries(item)
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, value]) => [name.slice(prefix.length), value]);
