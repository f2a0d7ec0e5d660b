/** What a pod costs in requests and units, measured: the use cases of the functions and the plugin's choice of slots, over DynamoDB. */
import { afterAnswer, type PoolCache } from '../../cni-shim/node/pool-cache.ts';
import { proposableAt, proposals } from '../../cni-shim/node/propose.ts';
import type { LeaseChange } from '../../core/protocol/counter.ts';
import type { Store } from '../../core/store.ts';
import { countChanges } from '../../functions/use-cases/changes/count-changes.ts';
import { recordHistory } from '../../functions/use-cases/changes/record-history.ts';
import { recount } from '../../functions/use-cases/changes/recount.ts';
import type { Dependencies } from '../../functions/use-cases/dependencies.ts';
import { chance } from '../budgets/cost-of-add.ts';
import type { Costs, Meter } from '../budgets/meter.ts';
import { leaseStream } from '../functions/lease-stream.ts';
import { add, addOf, callOf, del, delOf, nonceOf, operatorsPool, type World, world } from '../functions/world.ts';
import { costOfDelegatedPod } from './delegated.ts';
import {
  leasesMeasured,
  leasesTold,
  MEASURED,
  NAMESPACES,
  NODES,
  podOf,
  SETTINGS,
  type Setting,
  TELL_WITHIN,
  WARM_UP,
} from './setting.ts';

/** Of the pool at any time: a pod lives until so many came after it. */
const ALIVE = 100;
const HOUR_MS = 60 * 60 * 1000;
/** DynamoDB Streams closes a shard after some four hours, and its successor has another id. */
const SHARD_HOURS = 4;

/** A node as the plugin on it goes on: it proposes, and keeps what it is answered. */
function nodeOf(here: World, node: string, environment: () => Dependencies) {
  let cache: PoolCache | undefined;
  const journaled = new Set<string>();
  return {
    add: async (n: number) => {
      const text = ({ block, slot }: { block: string; slot: number }) => `${block}.${slot}`;
      const proposal = cache && [...proposals(cache, here.clock.now)].find((slot) => !journaled.has(text(slot)));
      const generation = proposal && cache && proposableAt(cache, proposal);
      const answer = await add(
        environment(),
        node,
        addOf(n, {
          pool: { vrf: 'default', name: 'blue' },
          pod: podOf(n),
          ...(proposal && generation !== undefined ? { proposal, generation } : {}),
          ...(cache ? { incarnation: cache.incarnation } : {}),
        }),
      );
      journaled.add(text(answer.slot));
      cache = afterAnswer(cache, { answer, proposal, journal: node, now: here.clock.now, bootId: 'boot-1' });
      return async () => {
        await del(environment(), node, delOf(n, { slot: answer.slot, acknowledged: true, nonce: nonceOf(n) }));
        journaled.delete(text(answer.slot));
      };
    },
  };
}

interface OfAPod {
  /** The mean of an ADD and a DEL. */
  readonly leasing: Costs;
  readonly changes: readonly LeaseChange[];
}

async function costOfPod(store: Store, meter: Meter, { rate, environments }: Setting): Promise<OfAPod> {
  const stream = leaseStream(store);
  const here = world(stream.store);
  const random = chance(1);
  await operatorsPool(here, { addresses: 4096, blockSize: 64 });
  const warm = Array.from({ length: environments }, () => here.environment({ random }));
  const nodes = Array.from({ length: NODES }, (_, n) =>
    nodeOf(
      here,
      `i-0123456789abcde${n.toString(16).padStart(2, '0')}`,
      () => warm[random(environments)] as Dependencies,
    ),
  );
  const living: (() => Promise<void>)[] = [];
  for (let n = 0; n < WARM_UP + MEASURED; n += 1) {
    if (n === WARM_UP) meter.read();
    here.clock.now += 1000 / rate;
    const leave = await nodes[n % NODES]?.add(n);
    if (leave) living.push(leave);
    if (living.length > ALIVE) await living.shift()?.();
  }
  const { requests, writeUnits, readUnits } = meter.read();
  const each = (sum: number) => sum / MEASURED;
  return {
    leasing: { requests: each(requests), writeUnits: each(writeUnits), readUnits: each(readUnits) },
    // The first ones are pods that come, and none that goes.
    changes: stream.changes.slice(2 * ALIVE),
  };
}

/** The mean of an invocation of `changes` that gets so many changes, after a day in which each shard had successors. */
async function costOfCounting(
  store: Store,
  meter: Meter,
  { changes, batch, shards }: { changes: readonly LeaseChange[]; batch: number; shards: number },
): Promise<Costs> {
  const here = world(store);
  const deps = here.environment();
  const shardAt = (n: number) =>
    `shardId-${String(here.clock.now - (here.clock.now % (SHARD_HOURS * HOUR_MS))).padStart(20, '0')}-${n.toString(16).padStart(8, '0')}`;
  let sequence = 10n ** 21n;
  const next = (some: readonly LeaseChange[]) =>
    some.map((change) => {
      sequence += 1n;
      return { ...change, sequence: String(sequence) };
    });
  const day = changes.slice(0, NAMESPACES * 2);
  for (let hour = 0; hour < 26; hour += SHARD_HOURS) {
    here.clock.now += SHARD_HOURS * HOUR_MS;
    for (let n = 0; n < shards; n += 1) await countChanges(deps, shardAt(n), next(day));
    await recount(deps, callOf('lessor'), async () => {});
  }
  // Each shard has just got another successor, and its last change is not forgotten: counters are never larger.
  here.clock.now += SHARD_HOURS * HOUR_MS;
  meter.read();
  let invocations = 0;
  for (; invocations < 20 && (invocations + 1) * batch <= changes.length; invocations += 1) {
    const some = changes.slice(invocations * batch, (invocations + 1) * batch);
    await countChanges(deps, shardAt(invocations % shards), next(some));
    await recordHistory(deps, some);
  }
  const { requests, writeUnits, readUnits } = meter.read();
  const each = (sum: number) => sum / invocations;
  return { requests: each(requests), writeUnits: each(writeUnits), readUnits: each(readUnits) };
}

/** What was measured, as test/cost/measured.json keeps it. */
export interface Measured {
  /** By pods a second. */
  readonly pods: Readonly<Record<string, Costs>>;
  /** The same where leasing is delegated, and the leases of which a node tells at once. */
  readonly delegated: Readonly<Record<string, Readonly<Record<string, Costs>>>>;
  /** Of an invocation of `changes`, by the changes that it gets. */
  readonly counting: Readonly<Record<string, Costs>>;
}

/** @param fresh a store that is empty, and what meters it */
export async function measure(
  fresh: () => Promise<{ store: Store; meter: Meter; stop: () => Promise<void> }>,
  batches: readonly number[],
  shards: number,
): Promise<Measured> {
  const once = async <T>(work: (store: Store, meter: Meter) => Promise<T>): Promise<T> => {
    const { store, meter, stop } = await fresh();
    return work(store, meter).finally(stop);
  };
  const pods: Record<string, Costs> = {};
  const delegated: Record<string, Record<string, Costs>> = {};
  let changes: readonly LeaseChange[] = [];
  for (const [name, setting] of Object.entries(SETTINGS)) {
    const found = await once((store, meter) => costOfPod(store, meter, setting));
    pods[name] = found.leasing;
    changes = found.changes;
    const at: Record<string, Costs> = {};
    for (const items of new Set(TELL_WITHIN.map((seconds) => leasesMeasured(leasesTold(Number(name), seconds)))))
      at[items] = await once((store, meter) => costOfDelegatedPod(store, meter, { ...setting, items }));
    delegated[name] = at;
  }
  const counting: Record<string, Costs> = {};
  for (const batch of batches)
    counting[batch] = await once((store, meter) => costOfCounting(store, meter, { changes, batch, shards }));
  return { pods, delegated, counting };
}
