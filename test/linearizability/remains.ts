/** What is to be seen once nothing is under way: I4 and I5 of each block, and that nothing is left behind (L1). */
import type { BlockState } from '../../core/protocol/block.ts';
import type { SlotState } from '../../core/protocol/lease.ts';
import type { Stage } from './stage.ts';

interface Block {
  readonly name: string;
  readonly state: BlockState | undefined;
  readonly slots: readonly (SlotState | undefined)[];
}

/** @param clean every node is declared dead, and reclaimed */
export async function whatIsLeft(stage: Stage, clean: () => Promise<void>): Promise<string[]> {
  const isOwned = stage.configuration.affinity === 'node';
  const before = isOwned ? await whoseBlock(stage) : [];
  await clean();
  const held = (await allBlocks(stage)).flatMap(({ name, state, slots }) => [
    ...slots.flatMap((slot, index) =>
      slot?.held ? [`L1: slot ${name}/${index} is left with ${slot.holding?.node}, which is no more`] : [],
    ),
    ...(isOwned && state !== undefined && state.state !== 'free'
      ? [`L1: block ${name} is left ${state.state} with ${state.owner?.node ?? 'nobody'}`]
      : []),
  ]);
  return [...before, ...held];
}

/** I4 and I5. */
export const whoseBlock = async (stage: Stage): Promise<string[]> => (await allBlocks(stage)).flatMap(wrongIn);

async function allBlocks({ here, pool, configuration }: Stage): Promise<Block[]> {
  const { addresses, blockSize } = configuration;
  const count = Math.ceil(addresses / blockSize);
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const key = { pool: pool.id, block: BigInt(index) };
      const slots = await here.store.leases.readBlock(key);
      return {
        name: `${index}`,
        state: await here.store.blocks.read(key),
        slots: Array.from({ length: blockSize }, (_each, slot) => slots.get(slot)),
      };
    }),
  );
}

function wrongIn({ name, state, slots }: Block): string[] {
  return slots.flatMap((slot, index) => {
    if (state?.state === 'free' && (slot === undefined || slot.held || slot.generation < state.generation))
      return [`I4: block ${name} is free at ${state.generation}, its slot ${index} is at ${slot?.generation}`];
    if (slot?.held && slot.holding?.node !== state?.owner?.node)
      return [`I5: slot ${name}/${index} is held by ${slot.holding?.node}, the block is ${state?.owner?.node}'s`];
    return [];
  });
}
