/** What a pod costs whose node leased its address by itself: what the service is told afterwards. */
import * as z from 'zod/mini';
import { type BatchItem, batchRequest } from '../../core/contract/batch.ts';
import type { SlotReference } from '../../core/contract/ids.ts';
import type { LessorError } from '../../core/contract/problems.ts';
import type { Store } from '../../core/store.ts';
import type { Dependencies } from '../../functions/use-cases/dependencies.ts';
import { batch } from '../../functions/use-cases/leases/batch.ts';
import { chance } from '../budgets/cost-of-add.ts';
import type { Costs, Meter } from '../budgets/meter.ts';
import { named, ownedPool } from '../functions/owned-pool.ts';
import { add, addOf, attachmentOf, callOf, nonceOf, world } from '../functions/world.ts';
import { MEASURED, NODES, podOf, type Setting, WARM_UP } from './setting.ts';

const BOOT = 'boot-1';
/** Pods of a node that live at the same time. */
const ALIVE = 10;
/** Their slots come again so late. */
const SLOTS = 30;

/** @param items leases in one request */
export async function costOfDelegatedPod(
  store: Store,
  meter: Meter,
  { rate, environments, items }: Setting & { readonly items: number },
): Promise<Costs> {
  const here = world(store);
  const random = chance(1);
  await ownedPool(here, { blocks: NODES, blockSize: 64, leasing: 'delegated', cooldownSeconds: 0 });
  const warm = Array.from({ length: environments }, () => here.environment({ random }));
  const environment = () => warm[random(environments)] as Dependencies;
  const nodes: ReturnType<typeof leasesOf>[] = [];
  for (let n = 0; n < NODES; n += 1) {
    const node = `i-0123456789abcde${n.toString(16).padStart(2, '0')}`;
    const answer = await add(environment(), node, addOf(n, { pool: named, boot: BOOT }));
    nodes.push(leasesOf(node, n, answer.slot, answer.blocks[0]?.generation ?? 1));
  }
  const batches = (pods: number) => Math.ceil((2 * pods) / items);
  let begun = 0;
  for (let n = 0; n < batches(WARM_UP) + batches(MEASURED); n += 1) {
    if (n === batches(WARM_UP)) {
      meter.read();
      begun = 0;
    }
    here.clock.now += (items / 2) * (1000 / rate);
    const { node, next } = nodes[n % NODES] as ReturnType<typeof leasesOf>;
    const told = Array.from({ length: items }, next);
    await batch(environment(), callOf(node), z.parse(batchRequest, { items: told }), raise);
    begun += items / 2;
  }
  const { requests, writeUnits, readUnits } = meter.read();
  return { requests: requests / begun, writeUnits: writeUnits / begun, readUnits: readUnits / begun };
}

/** By turns a pod begins on the node, and one that began earlier ends. */
function leasesOf(node: string, n: number, { pool, block, slot: first }: SlotReference, generation: number) {
  let event = 0;
  const of = (pod: number) => {
    const container = (n + 1) * 100_000 + pod;
    const slot = { pool, block, slot: (first + 1 + (pod % SLOTS)) % 64 };
    return { container, slot, attachment: attachmentOf(container), nonce: nonceOf(container) };
  };
  const begins = (pod: number): BatchItem => {
    const { container, ...lease } = of(pod);
    return { report: { ...lease, boot: BOOT, generation, pod: podOf(container) } };
  };
  const ends = (pod: number): BatchItem => {
    const { container: _, ...lease } = of(pod);
    return { release: { ...lease, acknowledged: true } };
  };
  return {
    node,
    next: () => {
      event += 1;
      const pod = ALIVE + (event >> 1);
      return event % 2 === 1 ? begins(pod) : ends(pod - ALIVE);
    },
  };
}

function raise(error: LessorError): never {
  throw error;
}
