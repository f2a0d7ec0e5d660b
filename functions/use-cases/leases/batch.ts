/** What a node tells of several leases at once, each by the use case of its own route. */
import pMap from 'p-map';
import type {
  BatchItem,
  BatchOutcome,
  BatchRequest,
  BatchResult,
  ItemProblem,
  ToldPolicy,
} from '../../../core/contract/batch.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { knownPool } from '../known-pools.ts';
import { leasingOf } from '../pools/leasing.ts';
import { release } from './release.ts';
import { reportTold } from './report-told.ts';

/** Leases of one batch that are under way at once. */
const ITEMS_AT_ONCE = 8;
/** What remains of the request's time must suffice for what is under way, and for an answer. */
const RESERVE_MS = 1_000;

/**
 * Each item has its own outcome. Those of one nonce are carried out in their order.
 * @param refused is told each problem of an item
 * @throws LessorError service.unavailable where it is each item's
 */
export async function batch(
  deps: Dependencies,
  call: Call,
  { items }: BatchRequest,
  refused: (error: LessorError) => void,
): Promise<BatchResult> {
  const outcomes = new Map<BatchItem, BatchOutcome>();
  const unavailable: LessorError[] = [];
  const heard = (error: LessorError) => {
    if (error.code === 'service.unavailable') unavailable.push(error);
    refused(error);
  };
  const inOrder = async (some: readonly BatchItem[]) => {
    for (const item of some) outcomes.set(item, await outcomeOf(deps, call, item, heard));
  };
  const [one = [], ...others] = byNonce(items).values();
  // What it reads of the node, the pool and the block the others find in memory.
  await inOrder(one);
  await pMap(others, inOrder, { concurrency: ITEMS_AT_ONCE });
  const [first] = unavailable;
  // A node that hears so knows of an outage, and waits.
  if (first !== undefined && unavailable.length === items.length) throw first;
  return { items: items.map((item) => outcomes.get(item) ?? {}), pools: await policiesOf(deps, call, items) };
}

function byNonce(items: readonly BatchItem[]): Map<string, BatchItem[]> {
  const found = new Map<string, BatchItem[]>();
  for (const item of items) {
    const nonce = item.report?.nonce ?? item.release?.nonce ?? '';
    found.set(nonce, [...(found.get(nonce) ?? []), item]);
  }
  return found;
}

async function outcomeOf(
  deps: Dependencies,
  call: Call,
  { report, release: ended }: BatchItem,
  refused: (error: LessorError) => void,
): Promise<BatchOutcome> {
  let told: Pick<BatchOutcome, 'reported' | 'refused'> = {};
  try {
    if (report === undefined && ended === undefined) throw nothingToTell();
    if (report !== undefined) {
      ensureTime(call);
      // Its release is refused by itself where nothing can be had.
      told = await reportTold(deps, call, report).then(
        (reported) => ({ reported }),
        (error: unknown) => {
          if (ended === undefined || !isRefusal(error)) throw error;
          refused(error);
          return { refused: problemOf(error) };
        },
      );
    }
    if (ended === undefined) return told;
    ensureTime(call);
    return { ...told, released: await release(deps, call, ended) };
  } catch (cause) {
    const error = cause instanceof LessorError ? cause : fault(cause);
    refused(error);
    return { ...told, problem: problemOf(error) };
  }
}

const problemOf = ({ code, message: detail, remedy }: LessorError): ItemProblem => ({
  code,
  detail,
  ...(remedy === undefined ? {} : { remedy }),
});

/** Where nobody decided, the report may still be carried out, and a release that is sent now could come first. */
const isRefusal = (error: unknown): error is LessorError =>
  error instanceof LessorError && error.kind.unanswered !== true && error.code !== 'service.fault';

function ensureTime({ remainingMs }: Call): void {
  if (remainingMs() >= RESERVE_MS) return;
  throw new LessorError('service.busy', 'The batch ran out of time before this lease', { remedy: 'tell of it again' });
}

const nothingToTell = (): LessorError =>
  new LessorError('request.invalid', 'body.items: an item has neither report nor release', {
    remedy: 'say what became of the lease',
  });

const fault = (cause: unknown): LessorError =>
  new LessorError('service.fault', 'The service failed', {
    remedy: 'its log has the cause under the request id',
    cause,
  });

/** They were read for the leases, so this is from memory. */
async function policiesOf(deps: Dependencies, { cluster }: Call, items: readonly BatchItem[]): Promise<ToldPolicy[]> {
  const ids = new Set(items.flatMap(({ report, release: ended }) => report?.slot.pool ?? ended?.slot?.pool ?? []));
  const told = [...ids].map(async (id): Promise<ToldPolicy[]> => {
    const pool = await knownPool(deps, id).catch(() => undefined);
    if (pool?.definition.affinity !== 'node') return [];
    const { tellWithinSeconds, cooldownSeconds, exclude } = pool.definition;
    return [{ id, leasing: leasingOf(pool, cluster), tellWithinSeconds, cooldownSeconds, exclude }];
  });
  return (await Promise.all(told)).flat();
}
