/** The end of a fence that comes too late, step by step: chance meets these stories too seldom. */
import { describe, expect, it } from 'vitest';
import type { AllocateResult } from '../../core/contract/lease.ts';
import type { BlockConditionName, BlockOperation } from '../../core/protocol/block.ts';
import type { Store } from '../../core/store.ts';
import { giveBack } from '../../functions/use-cases/blocks/give-back.ts';
import { heldBack } from '../functions/intercepted.ts';
import { OwnerNode } from '../functions/owned-pool.ts';
import { callOf, del } from '../functions/world.ts';
import { memoryStore } from '../store/memory-store.ts';
import { withoutBlockCondition } from '../store/without-condition.ts';
import { configurations } from './configurations.ts';
import { lookAtAll } from './events.ts';
import { DIRECTED } from './mutants.ts';
import { stageOf } from './play.ts';
import { whoseBlock } from './remains.ts';
import type { Stage } from './stage.ts';

/** An environment that is slow with requests of that name. */
function late({ here }: Stage, method: string) {
  const { store, ...rest } = heldBack(here.store, method);
  return { deps: here.environment({ store }), ...rest };
}

/** A block of node i-1, which gives it back twice: one fence meets a lease, the other one does not. Neither has come to its end. */
async function twoFences(store: Store) {
  const { stage } = await stageOf(configurations['block: one block, given back and forth'], 1, { store });
  const { here, pool } = stage;
  const look = () => lookAtAll(stage, [], async () => {});
  await look();
  const [one, two] = [new OwnerNode('i-1', pool), new OwnerNode('i-2', pool)];
  const deps = here.environment();
  const request = one.request(1);
  const { slot, blocks } = await one.add(deps, 1, undefined, request);
  const block = { pool: pool.id, block: slot.block, boot: one.bootId, journal: one.journalId };
  const [meets, meetsNot] = [late(stage, 'abort'), late(stage, 'finish')];
  const returned = { ...block, generation: blocks[0]?.generation ?? 1 };
  const aborted = giveBack(meets.deps, callOf('i-1'), returned);
  await meets.isSent;
  await del(deps, 'i-1', { attachment: request.attachment, nonce: request.nonce, slot, acknowledged: true });
  const finished = giveBack(meetsNot.deps, callOf('i-1'), returned);
  await meetsNot.isSent;
  await look();
  const end = async (which: 'abort' | 'finish') => {
    const [{ arrives }, done] = which === 'abort' ? [meets, aborted] : [meetsNot, finished];
    arrives();
    await done;
    await look();
  };
  return { stage, one, two, block, end, look };
}
type Fences = Awaited<ReturnType<typeof twoFences>>;

/** It gives the block back while a lease of it is held; the fence has begun, and passes over no slot yet. */
async function beginsToReturn({ stage, block, look }: Fences, node: OwnerNode, { blocks }: AllocateResult) {
  const { deps, isSent, arrives } = late(stage, 'abort');
  const owner = { boot: node.bootId, journal: node.journalId, generation: blocks[0]?.generation ?? 0 };
  const done = giveBack(deps, callOf(node.id), { ...block, ...owner });
  await isSent;
  await look();
  return async () => {
    arrives();
    await done;
  };
}

const stories: Readonly<Record<string, (fences: Fences) => Promise<void>>> = {
  'abort 0 blockReleasing': async ({ end }) => {
    await end('finish');
    await end('abort');
  },
  'finish 0 blockReleasing': async ({ end, one, stage }) => {
    await end('abort');
    await one.add(stage.here.environment(), 2);
    await end('finish');
  },
  'finish 0 generationUnchanged': async (fences) => {
    const { stage, block, two, end } = fences;
    // Another copy of the request finishes the fence, and the block goes on to the next node.
    const again = { ...block, generation: 1 };
    await giveBack(stage.here.environment(), callOf('i-1'), again);
    const answer = await two.add(stage.here.environment(), 3);
    const comesToItsEnd = await beginsToReturn(fences, two, answer);
    await end('finish');
    await comesToItsEnd();
    await end('abort');
  },
};

async function violationsOf(name: string, store: Store): Promise<string[]> {
  const fences = await twoFences(store);
  await stories[name]?.(fences);
  await fences.look();
  const { stage } = fences;
  // Of the slots only what the table says in the end: their ADDs and DELs are not recorded here.
  const blocks = stage.history.check().filter(({ object }) => object.startsWith('block'));
  return [
    ...blocks.flatMap(({ object, outcome }) => (outcome === 'linearizable' ? [] : [`${object}: ${outcome}`])),
    ...(await whoseBlock(stage)),
  ];
}

describe('the end of a fence that comes too late', () => {
  it.each(Object.keys(DIRECTED).filter((name) => name in stories))(
    'changes nothing, and is found out in a store that lacks %s',
    async (name) => {
      expect(await violationsOf(name, memoryStore())).toEqual([]);
      const [operation, alternative, condition] = name.split(' ');
      const lacks = [condition as BlockConditionName, operation as BlockOperation, Number(alternative)] as const;
      const broken = memoryStore(undefined, { blocks: withoutBlockCondition(...lacks) });
      expect(await violationsOf(name, broken)).not.toEqual([]);
    },
  );
});
