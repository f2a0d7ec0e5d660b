/**
 * The node's own goodbye: what it has is given back, and the life in which it had it ends. It may be killed anywhere, and is
 * repeated: the mark in the journal stays until the goodbye was answered, and no ADD begins meanwhile.
 */
import type { LessorError } from '../../core/contract/problems.ts';
import { refusal } from '../machine/refusal.ts';
import { otherIdentity } from '../node/identity.ts';
import type { NodeRecords } from '../node/node-records.ts';
import { forgetRefusedNetworks } from '../node/refused-network.ts';
import { findDeadSandboxes, retireDead } from './dead-sandboxes.ts';
import { flushAll } from './flush.ts';
import type { NodeAccess } from './node-access.ts';
import { type Reconciled, reconcile } from './reconcile.ts';
import { giveBack } from './return-block.ts';

export interface PoolBlock {
  readonly pool: string;
  readonly block: string;
  readonly generation: number;
}

export interface Left {
  /** Releases that were in the outbox. */
  readonly releasedLater: number;
  readonly released: Reconciled['released'];
  readonly blocks: readonly PoolBlock[];
  /** That is over now; undefined where the service does not know the node. */
  readonly life: Reconciled['life'];
}

/** A block that the service kept is given back once more, as the generation at which it is the node's then. */
const PASSES = 3;

/** @throws LessorError: the first that goes wrong; the node is leaving then, unless containers live on it */
export async function leave(access: NodeAccess, networks: readonly NodeRecords[]): Promise<Left> {
  ensureNothingLives(networks, access.bootId);
  beginLeaving(access, networks);
  await ensureSameNode(access, networks);
  const { released: releasedLater, failures } = await flushAll(access, networks, access.api);
  throwFirst(failures);
  const compared = await reconcile({ api: access.api, bootId: access.bootId, candidates: networks });
  throwFirst(compared.failures);
  ensureAllAccountedFor(compared);
  const blocks: PoolBlock[] = [];
  for (const records of networks) blocks.push(...(await giveBackBlocks(access, records)));
  const { life, released } = compared;
  if (life !== undefined) await sayGoodbye(access, networks, life);
  for (const { leaving } of networks) if (!leaving.finish(life?.incarnation)) throw changedMeanwhile();
  for (const records of networks) if (records.knownJournalId !== undefined) forgetRefusedNetworks(records);
  return { releasedLater, released, blocks, life };
}

/** @throws LessorError `pool.held` where containers live, or may live, on this node */
export function ensureNothingLives(networks: readonly NodeRecords[], bootId: string): void {
  const lost = networks.find(({ knownJournalId, isIntact }) => knownJournalId !== undefined && !isIntact);
  if (lost !== undefined)
    throw refusal(
      'pool.held',
      `${lost.path} was lost in this boot, so what lives on this node is not known`,
      'drain the node, start the machine again, and repeat',
    );
  const living = networks.flatMap(({ journal }) => journal.entries()).filter((entry) => entry.bootId === bootId);
  if (living.length > 0) throw isLivedOn(living.length);
}

const isLivedOn = (count: number): LessorError =>
  refusal(
    'pool.held',
    `${count} ${count === 1 ? 'attachment has' : 'attachments have'} an address on this node`,
    'drain the node first, and repeat; lessor status lists them, and lessor reconcile frees what ended without a DEL',
  );

/** All of them or, where an ADD was faster, none that was not leaving before. */
function beginLeaving(access: NodeAccess, networks: readonly NodeRecords[]): void {
  const begun: NodeRecords[] = [];
  for (const records of networks) {
    // Of an earlier boot only: within this one a container counts as living until its DEL, or the agent, says otherwise.
    retireDead(records, findDeadSandboxes(access, records, new Map(), Number.POSITIVE_INFINITY).dead);
    const wasLeaving = records.leaving.isLeaving();
    const attachments = records.leaving.begin();
    if (attachments > 0) {
      for (const { leaving } of begun) leaving.stay();
      throw isLivedOn(attachments);
    }
    if (!wasLeaving) begun.push(records);
  }
}

/** A goodbye in the name of another node would end that one's life. @throws LessorError */
export async function ensureSameNode(
  { api, bootId, outages }: NodeAccess,
  networks: readonly NodeRecords[],
): Promise<void> {
  const answer = await api.heartbeat({ boot: bootId });
  for (const outage of outages) outage.reached();
  for (const records of networks) {
    const other = otherIdentity(records, answer?.node);
    if (other !== undefined) throw other;
  }
}

function throwFirst(failures: readonly { readonly error: LessorError }[]): void {
  const [first] = failures;
  if (first !== undefined) throw first.error;
}

/** What another journal asked for in this boot may live. @throws LessorError `pool.held` */
function ensureAllAccountedFor({ leases, released }: Reconciled): void {
  const left = leases - released.length;
  if (left === 0) return;
  throw refusal(
    'pool.held',
    `the service has ${left} ${left === 1 ? 'lease' : 'leases'} of this node of which no journal here knows`,
    'name each data directory of this node with --data-dir; once nothing of it runs any more it may be declared dead instead; lessor leave --stay lets containers begin here again',
  );
}

/** Every block that the node knows as its own. What the service cannot be told of is taken back with the node's life. */
async function giveBackBlocks({ api }: NodeAccess, records: NodeRecords): Promise<PoolBlock[]> {
  const given: PoolBlock[] = [];
  for (let pass = 1; pass <= PASSES; pass += 1) {
    const blocks = ownBlocks(records);
    if (blocks.length === 0) break;
    for (const { id, name, block, generation } of blocks) {
      if (!records.returnedBlocks.giveBack(id, { block, generation })) continue;
      given.push({ pool: name, block, generation });
      await giveBack(records, api, id, { block, generation });
    }
  }
  return given;
}

export const ownBlocks = (records: NodeRecords) =>
  records
    .caches()
    .filter(({ pool }) => pool.affinity === 'node')
    .flatMap(({ pool: { id, name, vrf }, blocks }) => blocks.map((claim) => ({ id, name, vrf, ...claim })));

/** @throws LessorError where it was not answered, or ended nothing */
async function sayGoodbye(
  { api }: NodeAccess,
  networks: readonly NodeRecords[],
  life: NonNullable<Reconciled['life']>,
): Promise<void> {
  for (const { leaving } of networks) if (!leaving.sayGoodbye(life.incarnation)) throw changedMeanwhile();
  const answer = await api.goodbye(life);
  if (answer?.ended !== true)
    throw refusal('service.busy', 'another life of this node began meanwhile, by a request that was late', 'repeat');
}

const changedMeanwhile = (): LessorError =>
  refusal(
    'service.busy',
    'another lessor leave changed meanwhile whether this node is leaving',
    'repeat if it is still to leave',
  );

/**
 * Somebody changed their mind. Where a goodbye was sent, only once the node is in a later life: it ends nothing then.
 * @returns false where the node was not leaving
 * @throws LessorError `node.leaving` where a goodbye may be under way
 */
export async function stay({ api }: NodeAccess, networks: readonly NodeRecords[]): Promise<boolean> {
  const said = Math.max(...networks.map(({ leaving }) => leaving.lifeSaid()));
  if (said > 0 && ((await api.ownLeases())?.incarnation ?? 0) <= said) throw isSaid();
  const there = networks.filter(({ leaving }) => leaving.isLeaving());
  for (const { leaving } of there) {
    if (said > 0) leaving.finish(said);
    else if (leaving.stay() === 'said') throw isSaid();
  }
  return there.length > 0;
}

const isSaid = (): LessorError =>
  refusal(
    'node.leaving',
    'the goodbye was sent, and may arrive at any time',
    'let lessor leave end well: containers may begin here then',
  );
