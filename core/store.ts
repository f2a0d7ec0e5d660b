/**
 * What the use cases need of a database: single-item conditional writes and strongly consistent reads, nothing else.
 * That a condition did not hold is an answer, never an exception.
 */

import type { PoolDefinition } from './contract/pool.ts';
import type { ApartShare } from './pools/apart-share.ts';
import type { Registry } from './pools/registry.ts';
import type { BlockOwner, BlockState } from './protocol/block.ts';
import type { AddedChanges, CountedChanges, Counter, CounterKey } from './protocol/counter.ts';
import type { PoolFill } from './protocol/fill.ts';
import type { AuditEntry, EndedLease, LeaseNote, NoteSpan, UseSample } from './protocol/history.ts';
import type { IdentityKey, KeptSlot } from './protocol/identity.ts';
import type { Ending, Holding, SlotState } from './protocol/lease.ts';
import type {
  Boots,
  Concluded,
  DeathKey,
  DeathRecord,
  Heartbeat,
  Instance,
  ListedNode,
  NodeState,
  ServiceWatch,
  Sweep,
  Whereabouts,
} from './protocol/node.ts';
import type { BlockKey, SlotKey } from './protocol/slot-ref.ts';

export interface LeaseStore {
  /**
   * `slotOperations.hold`; where it is refused, what stands in the way.
   * @param sticky whether the pool keeps a pod's address for it; not if left out
   */
  hold(
    key: SlotKey,
    holding: Holding,
    generation: number,
    sticky?: boolean,
  ): Promise<{ held: true } | { held: false; current: SlotState | undefined }>;
  /** `slotOperations.assert`; where it is refused, what stands in the way. */
  assert(
    key: SlotKey,
    holding: Holding,
    generation: number,
  ): Promise<{ held: true } | { held: false; current: SlotState | undefined }>;
  /** `slotOperations.release`; where it is refused, what is there instead. */
  release(
    key: SlotKey,
    by: { containerId: string; ifname: string; node: string; nonce: string },
    ending: Ending,
  ): Promise<{ released: true } | { released: false; current: SlotState | undefined }>;
  /** `slotOperations.sweep`. */
  sweep(key: SlotKey, by: { node: string; incarnation: number }, ending: Ending): Promise<boolean>;
  /** `slotOperations.advance`: a free slot, or one that never was, goes to `generation`. */
  advance(key: SlotKey, generation: number): Promise<boolean>;
  /** `slotOperations.evict`: a slot that was held at an older generation is free, at `generation`. */
  evict(key: SlotKey, generation: number, ending: Ending): Promise<boolean>;
  readSlot(key: SlotKey): Promise<SlotState | undefined>;
  /**
   * Every slot item of a block, by slot.
   * @param nonce with it only slots that this nonce holds, or held last, are read whole; of the others only whether they can be
   * had. An ADD that looks for a free slot, or for its own, need not be sent who has all the others
   */
  readBlock(key: BlockKey, nonce?: string): Promise<ReadonlyMap<number, SlotState>>;
}

export interface PoolState {
  readonly definition: PoolDefinition;
  /** `draining`: nothing new is leased. `closing`: for good; its slots are being sealed, then it is no more. */
  readonly state: 'active' | 'draining' | 'closing';
  /**
   * The first block that may be used, 0 where it is left out: all before it are excluded. It only falls, where an operator
   * excludes less.
   */
  readonly first?: bigint;
  /** Blocks from `first` on and below this one may be used. */
  readonly open: bigint;
  /**
   * So may these, in ascending order, each opened by itself for an address that somebody asked for; absent where there are
   * none. Nothing was ever written to the others.
   */
  readonly openApart?: readonly bigint[];
  /** How many of them were opened for pods of a part of the namespaces; absent where none were counted. */
  readonly openedFor?: ReadonlyMap<string, number>;
  /** Stretches that nodes join are noted: no other one was ever leased in. Absent in pools that are older than the notes. */
  readonly joinsNoted?: true;
  /** Counts the changes of definition and state, not of what is open. */
  readonly version: number;
  /**
   * How far its deletion came at that version: so many of the open blocks, the first ones, were seen unused while it
   * drained, or sealed since it is closing. With another version it says nothing.
   */
  readonly passed?: { readonly blocks: number; readonly version: number };
}

/**
 * A write whose answer is lost is sent again, and its condition may not hold any more because it was carried out. So each has a
 * token, which no other write has: an item keeps those of its last writes, and to a copy the answer is that of the write itself.
 */
export interface PoolStore {
  readRegistry(vrf: string): Promise<Registry>;
  /** Condition `registryUnchanged`: the stored version is the one before. */
  writeRegistry(registry: Registry, token?: string): Promise<boolean>;
  /** That the VRF has a list of pools. It is written before that list is. */
  noteVrf(vrf: string): Promise<void>;
  /** VRFs of which that was noted, in their order, from behind `after` on: so many at most. */
  readVrfs(after: string, limit: number): Promise<readonly string[]>;
  readPool(id: string): Promise<PoolState | undefined>;
  /** Condition `poolAbsent`: an id is never used again. */
  createPool(pool: PoolState, token?: string): Promise<boolean>;
  /** Condition `poolUnchanged`: the stored version is the one before. What is open stays so. */
  changePool(pool: PoolState, token?: string): Promise<boolean>;
  /** That a node may lease in this stretch of a shared pool from now on. It is written before the first one joins it. */
  noteJoined(id: string, stretch: bigint): Promise<void>;
  /** Every stretch of which that was noted. */
  readJoined(id: string): Promise<ReadonlySet<bigint>>;
  /** Conditions `poolActive` and `openUnchanged`. True as well where just so many are open already. */
  openPool(id: string, from: bigint, to: bigint): Promise<boolean>;
  /**
   * Conditions `poolActive`, and `apartAbsent` or `apartRoom` (fewer than `most`): `block` is open from now on, apart. True if it is already.
   * @param by for whom: it is counted, and needs also `apartUncounted` or `apartShare` (fewer than its `most` were), and `notApart`
   */
  openApart(id: string, block: bigint, most: number, by?: ApartShare): Promise<boolean>;
  /** Conditions `poolUnchanged`, here of the version itself, and `passedLess`: at one version it only grows. */
  notePassed(id: string, passed: { blocks: number; version: number }): Promise<boolean>;
}

/** Blocks that nodes own: `blockOperations`, one single-item write each. */
export interface BlockStore {
  read(key: BlockKey): Promise<BlockState | undefined>;
  /** Every block item of one shard (`shardOf`), by block. */
  readShard(pool: string, shard: bigint): Promise<ReadonlyMap<bigint, BlockState>>;
  /** The block as it is now owned; where it is refused, as it is. */
  claim(key: BlockKey, owner: BlockOwner): Promise<{ claimed: boolean; block: BlockState }>;
  /** True if it is `owner`'s now, at the generation after. */
  takeUp(key: BlockKey, generation: number, owner: BlockOwner): Promise<boolean>;
  /** True if it is releasing now, at the generation after. */
  fence(key: BlockKey, generation: number, forced: boolean): Promise<boolean>;
  abort(key: BlockKey, generation: number): Promise<boolean>;
  finish(key: BlockKey, generation: number): Promise<boolean>;
  seal(key: BlockKey): Promise<boolean>;
}

/** The slots that identities have. */
export interface IdentityStore {
  read(key: IdentityKey): Promise<KeptSlot | undefined>;
  /** Condition `identityAbsent`, or with the token that was read `sameToken`: it has this slot from now on. True as well where it has it by this very token. */
  point(key: IdentityKey, to: KeptSlot, before: string | undefined): Promise<boolean>;
  /** Condition `sameToken`: the identity has no slot any more. */
  forget(key: IdentityKey, token: string): Promise<boolean>;
}

export interface NodeStore extends DeathStore, NodeList {
  readNode(id: string): Promise<NodeState | undefined>;
  /**
   * Condition `nodeAbsent`, or `nodeAlive` and `sameBoot`: adds the blocks; `before`: those that it had. Where it is refused, the
   * node as it is: at life 0 where it is not there.
   * @param isListed false: the first of the two conditions does not count
   */
  join(
    id: string,
    joinedBlocks: readonly string[],
    boot: string,
    now: number,
    isListed?: boolean,
  ): Promise<{ joined: boolean; node: NodeState; before: ReadonlySet<string> }>;
  /** Condition `sameIncarnation`: the life that `incarnation` counts gives way to the node's next one. */
  beginLife(id: string, incarnation: number, boots: Boots, now: number): Promise<boolean>;
  /** What its listing has, and what earlier versions kept with the node itself. */
  readHeartbeat(id: string): Promise<Heartbeat | undefined>;
  /** Conditions `nodeAlive` and `sameIncarnation`. @param diedAt the `declaredAt` of the record */
  markDead(id: string, incarnation: number, diedAt: number): Promise<boolean>;
}

/** All nodes, in `NODE_LIST_SHARDS` parts, so that the heartbeats of thousands of them are taken. What is left out stays as it is listed. */
export interface NodeList {
  /** Condition `listingAbsent` or `listedLifeOlder`: the node is listed in this life, which begins after that. */
  noteListed(id: string, life: Whereabouts & { readonly incarnation: number }, now: number): Promise<boolean>;
  /** Condition `listingAbsent`, `listedLifeOlder`, or `sameListedLife` and `listedAlive`: what the node says of itself in its life. */
  noteHeartbeat(
    id: string,
    said: Whereabouts & Heartbeat & { readonly heartbeatAt: number; readonly incarnation: number },
  ): Promise<boolean>;
  /** Condition `listedLifeOlder` or `sameListedLife`: that life is over. */
  noteListedDead(id: string, incarnation: number): Promise<boolean>;
  /**
   * Condition `listingThere`, and `neverAsked` or `askedBefore`: what EC2 says of its instance, and unless that is *not found*, that
   * it knows it.
   */
  noteInstance(id: string, instance: Instance): Promise<boolean>;
  readListed(id: string): Promise<ListedNode | undefined>;
  /**
   * Nodes of one part of the list, by id.
   * @param shard from 0 up to, but not including, `NODE_LIST_SHARDS`
   * @param after the `next` of the page before
   */
  listNodes(page: { shard: number; limit: number; after?: string | undefined }): Promise<ListedPage>;
  readWatch(): Promise<ServiceWatch | undefined>;
  /** Condition `neverWatched` or `watchedLater`: its beginning only grows. */
  noteWatch(watch: ServiceWatch): Promise<boolean>;
  /** Condition `listedLifeOlder` or `sameListedLife`: a node whose life is over is listed no more. */
  unlist(id: string, incarnation: number): Promise<boolean>;
}

export interface ListedPage {
  readonly nodes: readonly ListedNode[];
  /** Absent on the last page of that part. */
  readonly next?: string;
}

export interface DeathStore {
  /** Condition `deathAbsent`. */
  recordDeath(death: DeathRecord): Promise<boolean>;
  readDeath(key: DeathKey): Promise<DeathRecord | undefined>;
  /**
   * The latest first.
   * @param cursor the `nextCursor` of the page before
   * @param since only those that were declared then or later
   */
  listDeaths(page: { limit: number; cursor?: string | undefined; since?: number }): Promise<DeathPage>;
  /** Condition `deathThere`: adds to what was freed. */
  recordSweep(key: DeathKey, sweep: Sweep): Promise<boolean>;
  /** Condition `deathThere`: it is known that its mark is not written, and never will be. */
  withdrawDeath(key: DeathKey): Promise<boolean>;
  readConcluded(): Promise<Concluded | undefined>;
  /** Condition `concludedNothing` or `concludedLess`: it only grows. */
  noteConcluded(before: number, now: number): Promise<boolean>;
  /** Takes over what earlier versions recorded in another place, a page at a time. True if that was the last one. */
  adoptDeaths(): Promise<boolean>;
}

export interface DeathPage {
  readonly deaths: readonly DeathRecord[];
  /** Absent on the last page. */
  readonly nextCursor?: string;
}

export interface CounterStore {
  /** Undefined where nothing was ever counted. */
  read(key: CounterKey): Promise<Counter | undefined>;
  /** The total of each pool that ever was counted, by the pool's id. */
  readPools(): Promise<ReadonlyMap<string, Counter>>;
  /** Of each namespace that ever was counted in a pool. */
  readNamespaces(pool: string): Promise<ReadonlyMap<string, Counter>>;
  /**
   * Condition `shardUncounted` or `shardOlder`, where namespaces come into the item also `besideNone` or `besideUnchanged`: adds
   * changes of which none was counted yet. Where it is refused, the last one of the shard that was, and the namespaces in the item.
   */
  add(key: CounterKey, changes: CountedChanges): Promise<AddedChanges>;
  /** Condition `neverRecounted` or `recountsUnchanged`: adds `by` and forgets shards. It counts as a recount. */
  correct(
    key: CounterKey,
    correction: { recounts: number; by: number; now: number; forget: readonly string[] },
  ): Promise<boolean>;
}

/** How full pools were found to be. */
export interface FillStore {
  /** Undefined where no level but `room` was ever noted. */
  read(pool: string): Promise<PoolFill | undefined>;
  /** Condition `fillAbsent` or `turnBefore`: the level as it is from `turn` on. */
  note(pool: string, fill: PoolFill): Promise<boolean>;
}

/** What is over. Each is kept until `expiresAt` (ms), and read no longer than that, whether or not it is deleted by then. */
export interface HistoryStore {
  /** A repeat writes the same item. */
  recordEnded(lease: EndedLease, expiresAt: number): Promise<void>;
  /** The first time it is told, which stays: every lease that began and ended since is kept. @returns that time */
  noteBegun(at: number): Promise<number>;
  /** Undefined where nothing was ever kept. */
  readBegun(): Promise<number | undefined>;
  /** Of one slot those that ended later than `after`, the first of them first, read strongly consistent. */
  readEnded(slot: SlotKey, after: number, page: { now: number; limit: number }): Promise<readonly EndedLease[]>;
  /** Together in one item. A repeat, of as many notes, writes the same one. */
  recordNotes(part: { period: number; lane: string }, notes: readonly LeaseNote[], expiresAt: number): Promise<void>;
  /** Every note of a span, in no order, perhaps some twice. */
  readNotes(span: NoteSpan, now: number): Promise<readonly LeaseNote[]>;
  recordAudit(entry: AuditEntry, expiresAt: number): Promise<void>;
  /** Of one day (days since 1970), in their order. */
  readAudit(day: number, now: number): Promise<readonly AuditEntry[]>;
  /** One for each time: a second one of the same time takes the place of the first. */
  recordSample(pool: string, sample: UseSample, expiresAt: number): Promise<void>;
  /** Those of later times, in their order. */
  readSamples(pool: string, since: number, now: number): Promise<readonly UseSample[]>;
}

export interface Store {
  readonly leases: LeaseStore;
  readonly pools: PoolStore;
  readonly blocks: BlockStore;
  readonly nodes: NodeStore;
  readonly counters: CounterStore;
  readonly fills: FillStore;
  readonly identities: IdentityStore;
  readonly history: HistoryStore;
  /** Bytes that a registry takes; `most.registryBytes` are as many as it may. No request is made. */
  readonly registryBytes: (registry: Registry) => number;
}
