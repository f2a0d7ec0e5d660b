/** Which nodes of a cluster silence would declare dead now, and what would be freed: the dry run, which changes nothing. */
import type { ForeseeSilenceQuery, ForeseeSilenceResult, SilentNode } from '../../../core/contract/silence.ts';
import type { ListedNode } from '../../../core/protocol/node.ts';
import { boundedStore } from '../bounded-store.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { heardOf } from '../nodes/heard-of.ts';
import { pageOf } from '../pages.ts';
import { wholeList } from '../reclaim/declare-silent.ts';
import { judgeSilence, watchSince } from '../reclaim/judge-silence.ts';
import { foresee } from './foresee-death.ts';

const MINUTE_MS = 60_000;

/** A node that is silent, and why it is spared, if it is. */
interface Silent {
  readonly node: ListedNode;
  readonly because?: string;
}

/** Whether or not the deployment has it: by the guards of the scheduled run, as if it had watched for as long. @throws LessorError service.busy */
export async function foreseeSilence(
  given: Dependencies,
  call: Call,
  { cluster, minutes, cursor, limit }: ForeseeSilenceQuery,
): Promise<ForeseeSilenceResult> {
  const deps = { ...given, store: boundedStore(given.store, call).always };
  const now = deps.now();
  const afterMs = minutes * MINUTE_MS;
  const { asksEc2 = false } = deps.settings;
  const list = await wholeList(deps, call);
  const watched = { since: now - afterMs, now };
  const [judged] = judgeSilence(list, new Map([[cluster, afterMs]]), watched, { asksEc2 }).clusters;
  if (judged === undefined) throw new Error('a cluster is judged for each that is given');
  const { nodes, heardLately, eachRun, silent, spared, declared, because } = judged;
  const all: Silent[] = [...silent.map((node) => ({ node })), ...spared];
  const { rows, nextCursor } = await pageOf<Silent, SilentNode>(call, {
    keys: all.sort(longestFirst).filter((one) => cursor === undefined || cursorOf(one) > cursor),
    read: async (one) => [await rowOf(deps, call, one, now - afterMs)],
    after: cursorOf,
    keysAPage: limit,
  });
  const watch = deps.settings.deadAfterSilence?.has(cluster) ? await deps.store.nodes.readWatch() : undefined;
  const since = watch && watchSince(watch, now);
  return {
    ...{ cluster, minutes, nodes, heardLately, eachRun },
    ...(declared.length > 0 || silent.length === 0 || because === undefined ? {} : { because }),
    ...(since === undefined ? {} : { watchedSince: timeText(since) }),
    silent: [...rows],
    ...(nextCursor === undefined ? {} : { nextCursor }),
  };
}

/** What the run would find out of it before it declares: the list is for showing. */
async function rowOf(
  deps: Dependencies,
  call: Call,
  { node: listed, because }: Silent,
  before: number,
): Promise<SilentNode> {
  const { id, incarnation, name } = listed;
  const row = { node: id, incarnation, ...(name === undefined ? {} : { name }) };
  const node = await deps.store.nodes.readNode(id);
  if (!node?.alive || node.incarnation !== incarnation)
    return { ...row, declared: false, because: 'the life that is listed is not its present one' };
  const heard = await heardOf(deps, call, node, before);
  const heardText = heard === undefined ? {} : { heardOfAt: timeText(heard) };
  const why = because ?? (heard !== undefined && heard > before ? 'it has leased since then' : undefined);
  if (why !== undefined) return { ...row, ...heardText, declared: false, because: why };
  return { ...row, ...heardText, declared: true, wouldFree: await foresee(deps, call, node) };
}

const longestFirst = (a: Silent, b: Silent): number => (cursorOf(a) < cursorOf(b) ? -1 : 1);

/** `<time>#<node>`: they come in that order. */
const cursorOf = ({ node: { id, heartbeatAt = 0 } }: Silent): string =>
  `${String(heartbeatAt).padStart(15, '0')}#${id}`;

const timeText = (time: number): string => new Date(time).toISOString();
