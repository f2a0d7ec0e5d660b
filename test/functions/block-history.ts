/** What happens to blocks that belong to nodes, seen after each write: I4, I5 and I6. It believes no condition of the store. */
import { type BlockState, shardOf } from '../../core/protocol/block.ts';
import type { BlockKey } from '../../core/protocol/slot-ref.ts';
import type { Store } from '../../core/store.ts';
import { intercepted } from './intercepted.ts';

export class BlockHistory {
  readonly store: Store;
  readonly story: string[] = [];
  readonly violations: string[] = [];
  readonly #owners = new Map<string, string>();

  /** @param store one in memory, whose requests are carried out when they are made */
  constructor(store: Store, blockSize: number) {
    this.store = intercepted(store, async (name, [first], proceed) => {
      const key = blockIn(first);
      const answer = proceed();
      // Asked for before anything else can happen.
      const after = key && Promise.all([store.blocks.read(key), store.leases.readBlock(key)]);
      const [block, slots] = (await after) ?? [];
      if (key && block && slots) {
        this.story.push(`${name}: block ${key.block} is ${block.state} at ${block.generation}, ${block.owner?.node}`);
        this.#look(key, block, slots, blockSize);
      }
      return answer;
    });
  }

  #look(
    { block: index }: BlockKey,
    block: BlockState,
    slots: Awaited<ReturnType<Store['leases']['readBlock']>>,
    size: number,
  ) {
    const { state, generation, owner } = block;
    const claim = `${index} ${generation}`;
    const whose = JSON.stringify(owner);
    if (state === 'claimed' && (this.#owners.get(claim) ?? whose) !== whose)
      this.#fail(`I6: generation ${generation} of block ${index} has two owners`);
    if (state === 'claimed') this.#owners.set(claim, whose);
    for (let slot = 0; slot < size; slot += 1) {
      const found = slots.get(slot);
      if (state === 'free' && (found === undefined || found.held || found.generation < generation))
        this.#fail(`I4: block ${index} is free at ${generation}, its slot ${slot} is at ${found?.generation}`);
      if (found?.held && found.holding?.node !== owner?.node)
        this.#fail(`I5: slot ${index}/${slot} is held by ${found.holding?.node}, the block is ${owner?.node}'s`);
    }
  }

  #fail(violation: string): void {
    this.violations.push(violation);
    this.story.push(`*** ${violation}`);
  }
}

function blockIn(argument: unknown): BlockKey | undefined {
  if (typeof argument !== 'object' || argument === null || !('block' in argument)) return undefined;
  const { pool, block } = argument as BlockKey;
  return shardOf(block) >= 0n ? { pool, block } : undefined;
}
