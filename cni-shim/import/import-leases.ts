/**
 * From what another IPAM wrote down to leases of this node: each attachment by itself, so that what is in the way of one changes nothing
 * of it and is no obstacle to the others. Nothing is ever freed or taken from anybody.
 */
import type { ImportOutlook } from '../../core/contract/imports.ts';
import { most } from '../../core/contract/limits.ts';
import type { LessorError } from '../../core/contract/problems.ts';
import type { ReadinessResult } from '../../core/contract/questions.ts';
import { outcomeOf } from '../api/call-outcome.ts';
import type { Calls } from '../api/client.ts';
import { errorOf } from '../api/refusals.ts';
import type { Files } from '../machine/files.ts';
import { randomHex } from '../machine/random.ts';
import { refusal } from '../machine/refusal.ts';
import { knownNode, otherIdentity } from '../node/identity.ts';
import type { ImportLook } from '../node/imports.ts';
import { type JournalEntry, slotName } from '../node/journal-entry.ts';
import type { NodeRecords } from '../node/node-records.ts';
import { viewOf } from '../node/sandbox.ts';
import { type Asserted, assertAgain } from '../sync/assert-again.ts';
import { releaseEntry } from '../sync/tell.ts';
import type { ImportCandidate } from './attachments.ts';
import { type LeasePlan, outlookOf, type PoolToImport, planLease } from './lease-plan.ts';

/** `would`: of a dry run. `already`: nothing was changed. `unsure`: nobody can say; the agent goes on. */
export type ImportOutcome = 'would' | 'imported' | 'already' | 'over' | 'conflict' | 'unsure';

export interface Imported {
  readonly candidate: ImportCandidate;
  readonly outcome: ImportOutcome;
  /** What is in the way, or is to be known. */
  readonly why: string | undefined;
  /** Of the service, where it is `unsure`. */
  readonly error?: LessorError;
}

export interface Importing {
  readonly records: NodeRecords;
  readonly api: Calls;
  readonly files: Files;
  readonly pool: { readonly vrf: string; readonly name: string };
  readonly labels: Readonly<Record<string, string>>;
  /** Addresses of other nodes, by what the other IPAM calls these. */
  readonly others: ReadonlyMap<string, string>;
  readonly dryRun: boolean;
  /** Is told how many are done. */
  readonly progress: (done: number, all: number) => void;
}

/** Assertions that are under way at once. */
const ASSERTED_AT_ONCE = 8;

/** In the order of the candidates. @throws LessorError where the service could not be asked, or the pool may not be used */
export async function importLeases(importing: Importing, candidates: readonly ImportCandidate[]): Promise<Imported[]> {
  const { records, dryRun, progress } = importing;
  if (candidates.length === 0) return [];
  const { outlook, node } = await lookAhead(importing, candidates);
  // A dry run makes no journal.
  const journal = dryRun ? records.knownJournalId : records.journalId;
  const claimant = { node, boot: records.bootId, journal };
  const planned = apart(candidates.map((candidate) => ({ candidate, plan: planLease(candidate, outlook, claimant) })));
  // All of them first: from then on no ADD of this node proposes their slots, and the agent goes on where this one is killed.
  const begun = planned.map(({ candidate, plan }) => begin(importing, candidate, plan));
  let done = 0;
  // Where the service does not answer, the next one would fare no better, and the node may be without a network configuration so long.
  let away: LessorError | undefined;
  return inFlight(begun, async (one) => {
    const imported = !('entry' in one)
      ? one
      : away === undefined
        ? await assert(importing, one)
        : unsure(one.candidate, away);
    if (imported.error !== undefined && imported.error.kind.ofOneLease !== true) away ??= imported.error;
    done += 1;
    progress(done, begun.length);
    return imported;
  });
}

interface Plan {
  readonly candidate: ImportCandidate;
  readonly plan: LeasePlan;
}

/** A slot has an address of each family, and is one attachment's: addresses of two that lie crosswise are in each other's way. */
function apart(planned: readonly Plan[]): Plan[] {
  const takers = new Map<string, ImportCandidate>();
  return planned.map(({ candidate, plan }) => {
    if (plan.kind === 'conflict') return { candidate, plan };
    const names = plan.slots.map(slotName);
    const other = names.map((name) => takers.get(name)).find((taker) => taker !== undefined);
    if (other === undefined) for (const name of names) takers.set(name, candidate);
    const why = `its slot goes with one of container ${other?.attachment.containerId} (${other?.addresses.join(', ')})`;
    return { candidate, plan: other === undefined ? plan : { kind: 'conflict', why } };
  });
}

async function lookAhead(
  { records, api, pool, labels, others, dryRun }: Importing,
  candidates: readonly ImportCandidate[],
): Promise<{ readonly outlook: PoolToImport; readonly node: string }> {
  const addresses = [...new Set(candidates.flatMap((candidate) => candidate.addresses))];
  const pages: ImportOutlook[] = [];
  for (let from = 0; from < addresses.length; from += most.addressesToImport) {
    const imports = addresses.slice(from, from + most.addressesToImport);
    const answer = await api.readiness({ pool, ...(Object.keys(labels).length === 0 ? {} : { labels }), imports });
    if (answer?.ready === false) throw refusedPool(answer);
    if (answer?.imports === undefined) throw olderService();
    // A dry run notes nothing.
    const isNotNoted = dryRun && knownNode(records) === undefined;
    const other = isNotNoted ? undefined : otherIdentity(records, answer.imports.node);
    if (other !== undefined) throw other;
    pages.push(answer.imports);
  }
  const outlook = outlookOf(pages, others);
  const [first] = pages;
  if (outlook === undefined || first === undefined) throw olderService();
  return { outlook, node: first.node };
}

const refusedPool = ({ code = 'service.fault', detail = '', remedy }: ReadinessResult): LessorError =>
  errorOf({ code, detail, remedy });

const olderService = (): LessorError =>
  refusal('contract.version', 'the service does not know imports', 'upgrade the deployment to this release first');

type Begun =
  | Imported
  | { readonly candidate: ImportCandidate; readonly entry: JournalEntry; readonly why: string | undefined };

function begin({ records, files, dryRun }: Importing, candidate: ImportCandidate, plan: LeasePlan): Begun {
  const conflict = (why: string): Imported => ({ candidate, outcome: 'conflict', why });
  if (plan.kind === 'conflict') return conflict(plan.why);
  const { slots, addresses, heldUnder, excluded } = plan;
  const { attachment, pod, netns } = candidate;
  const note = excluded.length === 0 ? undefined : `${excluded.join(', ')}: the pool hands it out to nobody else`;
  const known = records.imports.look({ attachment, slots });
  if (known?.kind === 'conflict') return conflict(known.why);
  if (isHeld(known, heldUnder)) return { candidate, outcome: 'already', why: note };
  // Of a journal that was lost in this boot: a DEL finds it by what the service has, and no other nonce can hold it meanwhile.
  if (known === undefined && heldUnder !== undefined)
    return { candidate, outcome: 'already', why: 'it is held under a journal that was lost' };
  if (dryRun) return { candidate, outcome: 'would', why: note };
  const sandbox = netns === undefined ? undefined : viewOf(files, netns);
  const nonce = `${records.journalId}${randomHex(8)}`;
  const { bootId } = records;
  const written = records.imports.begin({ attachment, nonce, bootId, pod, netns, sandbox, slots, addresses });
  if (written.kind === 'conflict') return conflict(written.why);
  const { entry } = written;
  // The journal takes it for held, and the table does not have it.
  if (written.kind === 'there' && entry.lost !== true) records.journal.lose(entry);
  return { candidate, entry, why: note };
}

/** By the journal and by the service, which need not know yet what was leased without it. */
const isHeld = (known: ImportLook | undefined, heldUnder: string | undefined): boolean =>
  known?.kind === 'there' &&
  known.entry.lost !== true &&
  (known.entry.nonce === heldUnder || known.entry.local !== undefined);

const unsure = (candidate: ImportCandidate, error: LessorError): Imported => ({
  ...{ candidate, outcome: 'unsure', why: error.message, error },
});

async function assert(
  { records, api }: Importing,
  { candidate, entry, why }: Exclude<Begun, Imported>,
): Promise<Imported> {
  const asserted: Asserted = await assertAgain({ records, api }, entry);
  if (asserted.error !== undefined) return unsure(candidate, asserted.error);
  if (asserted.outcome === 'held again') return { candidate, outcome: 'imported', why };
  if (asserted.outcome === 'ended') return { candidate, outcome: 'over', why: 'its container ended meanwhile' };
  // Nothing of it stays: of two slots one may be held.
  if (entry.imported === true && entry.incarnation === undefined) {
    records.outbox.retire(entry);
    const released = await outcomeOf(releaseEntry({ records, api }, entry));
    if (released.kind === 'granted') records.outbox.released(entry);
  }
  return { candidate, outcome: 'conflict', why: asserted.refused?.message ?? 'its lease is lost' };
}

async function inFlight<T, R>(all: readonly T[], each: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < all.length; index = next++) results[index] = await each(all[index] as T);
  };
  await Promise.all(Array.from({ length: ASSERTED_AT_ONCE }, worker));
  return results;
}
