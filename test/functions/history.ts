/**
 * What happened to every slot, in its order, and whether that was right. It believes no condition of the store: an operation
 * is judged by who held the slot before, by which answers nodes were given, and by what owners and operators had asked for.
 */

import type { SlotReference } from '../../core/contract/ids.ts';
import type { AllocateResult } from '../../core/contract/lease.ts';
import { type Against, allows, type SlotOperation, type SlotState } from '../../core/protocol/lease.ts';
import type { SlotKey } from '../../core/protocol/slot-ref.ts';
import type { Store } from '../../core/store.ts';
import { memoryStore } from '../store/memory-store.ts';
import { intercepted } from './intercepted.ts';

/** A try to attach: what one nonce stands for. `life` is the node's real one, whatever the tables say. */
export interface Owner {
  readonly node: string;
  readonly life: number;
  readonly containerId: string;
  readonly nonce: string;
}

export class History {
  readonly store: Store;
  readonly story: string[] = [];
  readonly #owners = new Map<string, Owner>();
  readonly #holder = new Map<string, Owner>();
  /** Slots that an answer acknowledged to an owner that lives and has not asked for its release. */
  readonly #acknowledged = new Map<string, Set<Owner>>();
  readonly #releaseAsked = new Set<Owner>();
  readonly #lifeOver = new Map<string, number>();
  #key = '';

  /** @param permits the store's decision; a broken one is found out */
  constructor(permits: typeof allows = allows) {
    const noted: typeof allows = (operation, slot, against) => {
      const permitted = permits(operation, slot, against);
      if (permitted) this.#happened(operation, slot, against);
      return permitted;
    };
    // The store in memory decides before it first awaits, so that the key is still that of this request.
    this.store = intercepted(memoryStore(noted), (_, [first], proceed) => {
      if (typeof first === 'object' && first !== null && 'slot' in first) this.#key = textOf(first as SlotKey);
      return proceed();
    });
  }

  /** An ADD is about to be asked for. */
  asks(owner: Owner): void {
    this.#owners.set(owner.nonce, owner);
  }

  /** I1 and I2, as the node sees them. */
  acknowledged(owner: Owner, { slot }: AllocateResult): void {
    if (this.#gone(owner)) return;
    const key = textOf({ ...slot, block: BigInt(`0x${slot.block}`) });
    this.story.push(`${nameOf(owner)} is told that it has ${key}`);
    const live = this.#acknowledged.get(key) ?? new Set();
    for (const other of live) if (other !== owner) this.#fail(`I1: ${key} is acknowledged to ${nameOf(other)} as well`);
    if (this.#holder.get(key) !== owner) this.#fail(`I2: ${key} is acknowledged, but held by ${this.#holderOf(key)}`);
    this.#acknowledged.set(key, live.add(owner));
  }

  /** A DEL is about to be asked for. */
  asksRelease(owner: Owner): void {
    this.#releaseAsked.add(owner);
    this.story.push(`${nameOf(owner)} asks to be released`);
    for (const live of this.#acknowledged.values()) live.delete(owner);
  }

  /** The node is really dead: nothing of this life runs any more, though its requests may still be under way. */
  lifeEnds(node: string, life: number): void {
    this.#lifeOver.set(node, life);
    this.story.push(`life ${life} of ${node} ends`);
    for (const live of this.#acknowledged.values())
      for (const owner of live) if (owner.node === node && owner.life <= life) live.delete(owner);
  }

  /** Owners that hold a slot and are neither dead nor asked for their release. */
  get heldByTheLiving(): Owner[] {
    return [...this.#holder.values()].filter((owner) => !this.#gone(owner));
  }

  /** Owners that hold a slot though their node's life is over. */
  get heldByTheDead(): Owner[] {
    return [...this.#holder.values()].filter(({ node, life }) => life <= (this.#lifeOver.get(node) ?? 0));
  }

  #gone(owner: Owner): boolean {
    return this.#releaseAsked.has(owner) || owner.life <= (this.#lifeOver.get(owner.node) ?? 0);
  }

  #happened(operation: SlotOperation, slot: SlotState | undefined, against: Against): void {
    const key = this.#key;
    const before = this.#holder.get(key);
    if ((before !== undefined) !== (slot?.held ?? false)) this.#fail(`the store and this history differ about ${key}`);
    if (operation === 'hold') {
      const owner = this.#owners.get(against.nonce);
      if (owner === undefined) {
        this.#fail(`${key} is held for a nonce that nobody asked with`);
        return;
      }
      this.story.push(`${nameOf(owner)} comes to hold ${key}`);
      if (before !== undefined && before !== owner) this.#fail(`I1: ${key} was held by ${nameOf(before)}`);
      this.#holder.set(key, owner);
    } else {
      this.story.push(`${key} is freed by ${operation}`);
      if (before === undefined) return;
      const reclaimed = operation === 'sweep' || operation === 'evict';
      const evidence = reclaimed
        ? before.life <= (this.#lifeOver.get(before.node) ?? 0)
        : this.#releaseAsked.has(before);
      if (!evidence)
        this.#fail(`I3: ${key} is freed by ${operation}, but ${nameOf(before)} lives and asked for nothing`);
      this.#holder.delete(key);
    }
    for (const live of this.#acknowledged.get(key) ?? []) {
      if (this.#holder.get(key) !== live)
        this.#fail(`I2: ${key} is acknowledged to ${nameOf(live)}, but not held by it`);
    }
  }

  #holderOf(key: string): string {
    const holder = this.#holder.get(key);
    return holder === undefined ? 'nobody' : nameOf(holder);
  }

  /** Collected, not thrown: a use case could take what a store throws for an outage. */
  readonly violations: string[] = [];
  #fail(violation: string): void {
    this.violations.push(violation);
    this.story.push(`*** ${violation}`);
  }
}

const textOf = ({ block, slot }: SlotKey | (SlotReference & { block: bigint })): string => `slot ${block}/${slot}`;
const nameOf = ({ node, life, containerId, nonce }: Owner): string =>
  `${containerId} of ${node} in life ${life} (try ${Number.parseInt(nonce, 16)})`;
