/** One block of this node goes back to the service by a person's word: only where nothing here uses it. */
import type { LessorError } from '../../core/contract/problems.ts';
import { refusal } from '../machine/refusal.ts';
import { slotsOf } from '../node/journal-entry.ts';
import type { NodeRecords } from '../node/node-records.ts';
import { ensureSameNode, ownBlocks } from './leave.ts';
import type { NodeAccess } from './node-access.ts';
import { giveBack } from './return-block.ts';

/** A block as people name it. */
export interface NamedBlock {
  /** The name of the pool, or its id. */
  readonly pool: string;
  readonly block: string;
}

export interface BlockGivenBack {
  readonly poolId: string;
  readonly pool: string;
  readonly block: string;
  readonly generation: number;
  /** `kept`: the service has an address of it as held. Absent in a dry run. */
  readonly outcome?: 'released' | 'kept';
}

/**
 * @param dryRun the same looks: the journal stays, and nothing is sent
 * @throws LessorError `request.invalid` where the block is not this node's, `pool.held` where it is used, else of the request
 */
export async function giveBackBlock(
  access: NodeAccess,
  networks: readonly NodeRecords[],
  named: NamedBlock,
  dryRun: boolean,
): Promise<BlockGivenBack> {
  const { records, own } = ownerOf(networks, named);
  const { id, name, block, generation } = own;
  const found = { poolId: id, pool: name, block, generation };
  ensureUnused(records, found);
  if (dryRun) return found;
  // In the name of another node nothing would be given back, and this one would take it for gone.
  await ensureSameNode(access, networks);
  // An ADD may have come meanwhile: this look and the note are one step (I3).
  if (!records.returnedBlocks.giveBack(id, { block, generation })) throw isUsed(records, found);
  const outcome = await giveBack(records, access.api, id, { block, generation });
  if (typeof outcome === 'object') throw outcome;
  return { ...found, outcome: outcome ?? 'released' };
}

function ownerOf(networks: readonly NodeRecords[], { pool, block }: NamedBlock) {
  const found = networks.flatMap((records) =>
    ownBlocks(records)
      .filter((own) => (own.name === pool || own.id === pool) && own.block === block)
      .map((own) => ({ records, own })),
  );
  const pools = new Map(found.map(({ own: { id, vrf } }) => [id, `${id} (VRF ${vrf})`]));
  if (pools.size > 1)
    throw refusal(
      'request.invalid',
      `block ${block} of several pools ${pool} is this node's`,
      `name it by its id: ${[...pools.values()].join(', ')}`,
    );
  const [owner] = found;
  if (owner !== undefined) return owner;
  throw refusal(
    'request.invalid',
    `block ${block} of pool ${pool} is not this node's, as far as it knows`,
    'lessor status lists its blocks; name each data directory of this node with --data-dir',
  );
}

function ensureUnused(records: NodeRecords, found: BlockGivenBack): void {
  const { poolId, block } = found;
  if (records.journal.slotNames().some((name) => name.startsWith(`${poolId}.${block}.`))) throw isUsed(records, found);
}

function isUsed({ journal, outbox }: NodeRecords, { poolId, pool, block }: BlockGivenBack): LessorError {
  const inIt = (entries: ReturnType<typeof outbox.toRelease>) =>
    entries.filter((entry) => slotsOf(entry).some((slot) => slot.pool === poolId && slot.block === block)).length;
  const [attached, waiting] = [inIt(journal.entries()), inIt(outbox.toRelease())];
  return refusal(
    'pool.held',
    `block ${block} of pool ${pool} is used: by attachments ${attached}, by what is still to be released ${waiting}`,
    'delete those pods, or wait until the service was told (lessor reconcile), and repeat',
  );
}
