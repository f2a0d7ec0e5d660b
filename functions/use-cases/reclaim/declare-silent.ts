/** The scheduled declaration of nodes that are silent. Its dry run: questions/foresee-silence.ts. */
import pMap from 'p-map';
import { NODE_LIST_SHARDS } from '../../../core/contract/limits.ts';
import type { DeathRecord, ListedNode } from '../../../core/protocol/node.ts';
import { boundedStore, timeIsUp } from '../bounded-store.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { deathNow, endLife } from '../nodes/declare-death.ts';
import { heardOf } from '../nodes/heard-of.ts';
import { type ClusterSilence, judgeSilence, type Silence, type WholeList, watchSince } from './judge-silence.ts';

const A_PAGE = 1000;
const MINUTE_MS = 60_000;
/** So many more than may be declared are looked at: those that only seem silent keep the others waiting no longer. */
const MORE_LOOKED_AT = 100;

export interface SilentRun extends Silence {
  readonly deaths: readonly DeathRecord[];
}

/** Undefined where the deployment declares nobody dead for silence: then not even the list is read. */
export async function declareSilent(
  deps: Dependencies,
  call: Pick<Call, 'remainingMs'>,
): Promise<SilentRun | undefined> {
  const bounded = { ...deps, store: boundedStore(deps.store, call).inTime };
  const found = await silenceNow(bounded, call);
  if (found === undefined) return undefined;
  const { silence, since } = found;
  const now = deps.now();
  await bounded.store.nodes.noteWatch({ since: silence.ours === undefined ? since : now, at: now });
  const deaths: DeathRecord[] = [];
  for (const one of silence.clusters) {
    const most = deaths.length + one.declared.length;
    for (const node of one.silent.slice(0, one.declared.length + MORE_LOOKED_AT)) {
      if (timeIsUp(call) || deaths.length >= most) break;
      const death = await declare(bounded, call, node, one).catch((cause: unknown) => notLookedAt(node, cause));
      if (death !== undefined) deaths.push(death);
    }
  }
  return { ...silence, deaths };
}

function notLookedAt({ id }: ListedNode, cause: unknown): undefined {
  console.error({ message: 'A silent node could not be looked at: others are', node: id, cause: String(cause) });
}

async function silenceNow(
  deps: Dependencies,
  call: Pick<Call, 'remainingMs'>,
): Promise<{ readonly silence: Silence; readonly since: number } | undefined> {
  const { deadAfterSilence = new Map<string, number>(), asksEc2 = false } = deps.settings;
  if (deadAfterSilence.size === 0) return undefined;
  const now = deps.now();
  const since = watchSince(await deps.store.nodes.readWatch(), now);
  const afterMs = new Map([...deadAfterSilence].map(([cluster, minutes]) => [cluster, minutes * MINUTE_MS]));
  return { silence: judgeSilence(await wholeList(deps, call), afterMs, { since, now }, { asksEc2 }), since };
}

export async function wholeList(deps: Dependencies, call: Pick<Call, 'remainingMs'>): Promise<WholeList> {
  let complete = true;
  const part = async (shard: number): Promise<ListedNode[]> => {
    const nodes: ListedNode[] = [];
    let after: string | undefined;
    do {
      if (timeIsUp(call)) {
        complete = false;
        break;
      }
      const page = await deps.store.nodes.listNodes({ shard, limit: A_PAGE, after });
      nodes.push(...page.nodes);
      after = page.next;
    } while (after !== undefined);
    return nodes;
  };
  const parts = await pMap(Array.from({ length: NODE_LIST_SHARDS }).keys(), part, { concurrency: NODE_LIST_SHARDS });
  return { nodes: parts.flat(), complete };
}

/** The list is for showing: whether that life is the node's present one, and silent, is read from the node and its leases. */
async function declare(
  deps: Dependencies,
  call: Pick<Call, 'remainingMs'>,
  { id, incarnation }: ListedNode,
  { afterMs }: ClusterSilence,
): Promise<DeathRecord | undefined> {
  const node = await deps.store.nodes.readNode(id);
  if (!node?.alive || node.incarnation !== incarnation) return undefined;
  const before = deps.now() - afterMs;
  const heardAt = await heardOf(deps, call, node, before);
  if (heardAt === undefined || heardAt > before) return undefined;
  const reason = `silent for ${Math.floor((deps.now() - heardAt) / MINUTE_MS)} minutes: last heard of at ${new Date(heardAt).toISOString()}`;
  return endLife(deps, deathNow(deps, node, { reason, declaredBy: 'silence' }));
}
