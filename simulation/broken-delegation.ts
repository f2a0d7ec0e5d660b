/** Nodes and batches as they must not be, where nodes lease by themselves. */
import type { BatchRequest, BatchResult } from '../core/contract/batch.ts';
import type { AllocateRequest } from '../core/contract/lease.ts';
import { allocate } from '../functions/use-cases/add/allocate.ts';
import type { Call, Dependencies } from '../functions/use-cases/dependencies.ts';
import { batch } from '../functions/use-cases/leases/batch.ts';
import type { BrokenNode } from '../test/cni-shim/verbs/broken-nodes.ts';

const batchOf = (deps: Dependencies, call: Call, request: BatchRequest): Promise<BatchResult> =>
  batch(deps, call, request, () => undefined);

/** What still cools in a block is for the service to know. */
export async function tellsNothingTaken(deps: Dependencies, call: Call, request: AllocateRequest) {
  const { taken: _, ...result } = await allocate(deps, call, request);
  return result;
}

/** What it is told is over is over when somebody has time for it. */
export async function forgetsReleases(deps: Dependencies, call: Call, { items }: BatchRequest): Promise<BatchResult> {
  const reports = items.flatMap(({ report }) => (report === undefined ? [] : [{ report }]));
  const told = reports.length === 0 ? { items: [], pools: [] } : await batchOf(deps, call, { items: reports });
  let next = 0;
  const outcomes = items.map(({ report, release }) => ({
    ...(report === undefined ? {} : told.items[next++]),
    ...(release === undefined ? {} : { released: { released: [] } }),
  }));
  return { ...told, items: outcomes };
}

/** By this the slots that containers of the node have are known. */
const USED = 'SELECT pool, block, slot FROM slot';

/** Whichever slot comes first is free. */
export const takesUsedSlots: BrokenNode = (open) => (path) => {
  const database = open(path);
  return { ...database, all: (sql, ...values) => (sql === USED ? [] : database.all(sql, ...values)) };
};
