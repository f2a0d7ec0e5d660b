/** Of addresses that a node is about to import: where they lie in the pool, and who has them. Reads only. */
import pMap from 'p-map';
import { parseAddress } from '../../../core/addresses/address.ts';
import type { AddressToImport, ImportBlock, ImportHolder, ImportOutlook } from '../../../core/contract/imports.ts';
import type { BlockState } from '../../../core/protocol/block.ts';
import type { SlotState } from '../../../core/protocol/lease.ts';
import { blockToText, slotToWire } from '../../../core/protocol/slot-ref.ts';
import { toldToNodes } from '../add/allocation.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { READS_AT_ONCE } from '../in-flight.ts';
import { freshPool } from '../known-pools.ts';
import type { KnownPool } from '../memory.ts';
import { firstOf, isOpen } from '../pools/open-blocks.ts';

/** One read of each block in which an address lies, and of its item where blocks belong to nodes. */
export async function importOutlook(
  deps: Dependencies,
  call: Call,
  known: KnownPool,
  texts: readonly string[],
): Promise<ImportOutlook> {
  // What it has grown by since is what is imported into it.
  const pool = (await freshPool(deps, known.definition.id)) ?? known;
  const { definition, space } = pool;
  const found = texts.map((text) => {
    const address = parseAddress(text);
    return { text, at: address && space.find(address) };
  });
  const blocks = [...new Set(found.flatMap(({ at }) => (at === undefined ? [] : [at.block])))];
  const read = new Map(
    await pMap(blocks, async (block) => [block, await readBlock(deps, pool, block)] as const, {
      concurrency: READS_AT_ONCE,
    }),
  );
  const addresses = found.map(({ text, at }): AddressToImport => {
    if (at === undefined) return { address: text };
    const { slots, owner } = read.get(at.block) ?? {};
    const holder = holderIn(call, slots?.get(at.slot));
    return {
      address: text,
      slot: slotToWire({ pool: definition.id, block: at.block, slot: at.slot }),
      ...(mayOpen(pool, at.block) ? {} : { closed: true }),
      ...(holder === undefined ? {} : { holder }),
      ...(definition.affinity === 'node' ? { block: blockOf(call, at.block, owner) } : {}),
    };
  });
  return { node: call.caller, pool: toldToNodes(pool, call), addresses };
}

/** As an assertion opens it (`openMore`, `openApart`): never what lies before the first one. */
const mayOpen = (pool: KnownPool, block: bigint): boolean =>
  isOpen(pool, block) || (pool.state === 'active' && block >= firstOf(pool) && block < pool.space.blocks);

async function readBlock({ store }: Dependencies, { definition: { id, affinity } }: KnownPool, block: bigint) {
  const key = { pool: id, block };
  const [slots, owner] = await Promise.all([
    store.leases.readBlock(key),
    affinity === 'node' ? store.blocks.read(key) : undefined,
  ]);
  return { slots, owner };
}

function holderIn({ caller }: Call, state: SlotState | undefined): ImportHolder | undefined {
  if (!state?.held || state.holding === undefined) return undefined;
  const { node, attachment, nonce } = state.holding;
  return { node, attachment, ...(node === caller ? { nonce } : {}) };
}

function blockOf({ caller }: Call, block: bigint, state: BlockState | undefined): ImportBlock {
  const { owner } = state ?? {};
  const isFree = state === undefined || state.state === 'free';
  return {
    block: blockToText(block),
    state: state?.state ?? 'free',
    ...(isFree || owner === undefined ? {} : { node: owner.node }),
    ...(isFree || owner?.node !== caller ? {} : { boot: owner.boot, journal: owner.journal }),
  };
}
