/** Sealing: from then on no request, however late it arrives, can lease anything of the pool, nor claim a block of it. */
import { LessorError } from '../../../core/contract/problems.ts';
import { shardOf } from '../../../core/protocol/block.ts';
import { SEALED_GENERATION } from '../../../core/protocol/lease.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { whileTime } from '../in-flight.ts';
import type { KnownPool } from '../memory.ts';
import { openBehind, openCount } from './open-blocks.ts';

/** Shared affinity: blocks that are read together. With node affinity a shard's are. */
const BLOCKS_A_STEP = 32;
/** Each pass but the first finds what requests changed meanwhile that were under way when the pool closed. */
const PASSES = 8;
/** What remains of the request's time must suffice for the requests that are under way, a note, and an answer. */
export const RESERVE_MS = 2_500;

export interface Sealed {
  /** Open blocks that were seen sealed, of `total`: the first ones. */
  readonly sealed: number;
  readonly total: number;
  /** Leases that were held, or blocks that were owned, when their turn came. */
  readonly inUse: number;
}

/** What became of some blocks in one go. */
type Step = 'sealed' | 'time is up' | { readonly inUse: number };

/**
 * Seals what is open, as far as the time suffices; run again, it goes on where the last run noted that all is sealed.
 * @param pool as it was read after its state became closing
 * @throws LessorError service.busy
 */
export async function sealPool(deps: Dependencies, call: Call, pool: KnownPool): Promise<Sealed> {
  const { definition, version } = pool;
  const sealStep = definition.affinity === 'node' ? sealBlocks : sealSlots;
  const start = passedBlocks(pool);
  let sealed = start;
  let step: Step = 'sealed';
  for (const blocks of stepsOf(pool, start)) {
    step = await sealStep(deps, call, pool, blocks);
    if (step !== 'sealed') break;
    sealed += blocks.length;
  }
  // Sealing is for good: what was seen sealed needs no second look (`pass.belowSealed`).
  if (step !== 'sealed' && sealed > start)
    await deps.store.pools.notePassed(definition.id, { blocks: sealed, version });
  return { sealed, total: Number(openCount(pool)), inUse: typeof step === 'object' ? step.inUse : 0 };
}

/** So many of the pool's open blocks, in their order, were passed by the deletion at the present version. */
export const passedBlocks = ({ passed, version }: KnownPool): number =>
  passed?.version === version ? passed.blocks : 0;

/** The open blocks but the first `passed` ones, some at a time; with node affinity of one shard each. */
function* stepsOf(pool: KnownPool, passed: number): Generator<bigint[]> {
  const owned = pool.definition.affinity === 'node';
  let step: bigint[] = [];
  for (const block of openBehind(pool, passed)) {
    const [first] = step;
    const isFull = owned ? first !== undefined && shardOf(first) !== shardOf(block) : step.length === BLOCKS_A_STEP;
    if (isFull) {
      yield step;
      step = [];
    }
    step.push(block);
  }
  if (step.length > 0) yield step;
}

/** Shared affinity: until a pass finds each slot present, free and at the last generation. */
async function sealSlots(
  { store }: Dependencies,
  call: Call,
  { definition, space }: KnownPool,
  blocks: readonly bigint[],
): Promise<Step> {
  for (let pass = 1; pass <= PASSES; pass += 1) {
    const found = await whileTime(call, RESERVE_MS, blocks, async (block) => {
      const slots = await store.leases.readBlock({ pool: definition.id, block });
      return { block, slots };
    });
    const inUse = found.flatMap(({ slots }) => [...slots.values()].filter(({ held }) => held)).length;
    if (inUse > 0) return { inUse };
    // Excluded ones too: they may have been usable to a request that is still under way.
    const left = found.flatMap(({ block, slots }) =>
      Array.from({ length: space.slotsIn(block) }, (_, slot) => slot)
        .filter((slot) => slots.get(slot)?.generation !== SEALED_GENERATION)
        .map((slot) => ({ pool: definition.id, block, slot })),
    );
    if (left.length === 0) return found.length === blocks.length ? 'sealed' : 'time is up';
    const sent = await whileTime(call, RESERVE_MS, left, (key) => store.leases.advance(key, SEALED_GENERATION));
    if (sent.length < left.length) return 'time is up';
  }
  throw changing(definition.name);
}

/** Node affinity: blocks of one shard, until a pass finds each of them sealed. */
async function sealBlocks(
  { store }: Dependencies,
  call: Call,
  { definition }: KnownPool,
  blocks: readonly bigint[],
): Promise<Step> {
  const shard = shardOf(blocks[0] ?? 0n);
  for (let pass = 1; pass <= PASSES; pass += 1) {
    if (call.remainingMs() < RESERVE_MS) return 'time is up';
    const found = await store.blocks.readShard(definition.id, shard);
    const stateOf = (block: bigint) => found.get(block)?.state;
    const inUse = blocks.filter((block) => stateOf(block) === 'claimed' || stateOf(block) === 'releasing').length;
    if (inUse > 0) return { inUse };
    const left = blocks.filter((block) => stateOf(block) !== 'sealed');
    if (left.length === 0) return 'sealed';
    const seal = (block: bigint) => store.blocks.seal({ pool: definition.id, block });
    const sent = await whileTime(call, RESERVE_MS, left, seal);
    if (sent.length < left.length) return 'time is up';
  }
  throw changing(definition.name);
}

const changing = (name: string) =>
  new LessorError('service.busy', `Pool ${name} is still being used by requests that are under way`, {
    remedy: 'delete it again',
  });
