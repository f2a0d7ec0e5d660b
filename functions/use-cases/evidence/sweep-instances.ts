/** The hourly look at all listed instances of the deployment's own account and Region, for what events missed. */
import pMap from 'p-map';
import { INSTANCES_A_LOOK, NODE_LIST_SHARDS } from '../../../core/contract/limits.ts';
import type { InstanceState, ListedNode } from '../../../core/protocol/node.ts';
import { boundedStore, REQUESTS_AT_ONCE, timeIsUp } from '../bounded-store.ts';
import type { Call } from '../dependencies.ts';
import { asyncChunks } from '../in-flight.ts';
import { heardOfLately } from '../nodes/heard-of.ts';
import type { EvidenceDependencies } from './dependencies.ts';
import { endTerminated } from './end-terminated.ts';
import { type EvidenceRules, evidenceRules } from './rules.ts';

/** After so many failed looks a run asks no more: whatever EC2 has, asking on makes it worse. */
const MOST_FAILURES = 3;
/** So often the schedule looks: each look begins with another part of the list. */
const LOOK_MS = 3_600_000;
/** So often it is noted at least that EC2 knows an instance, although nothing changed. */
const NOTED_AGAIN_MS = 24 * 3_600_000;

export interface SweepReport {
  /** Instances of which EC2 said something. */
  readonly looked: number;
  readonly ended: readonly { readonly node: string; readonly incarnation: number; readonly freed: number }[];
  /** Not found, and never seen before: they may be of another Region. Nothing was done. */
  readonly neverSeen: readonly string[];
  /** What EC2 does not find although it was heard of, or says nothing of. Nothing was done. */
  readonly unclear: readonly string[];
  /** Why looks failed. Of what they asked for nothing was done. */
  readonly failures: readonly string[];
  /** Whether the time, or EC2, did not suffice for all. */
  readonly complete: boolean;
}

/** What became of an instance. */
type Outcome =
  | { readonly is: 'fine' }
  | { readonly is: 'neverSeen' | 'unclear'; readonly node: string }
  /** The time was up: of the next look. */
  | { readonly is: 'waiting' }
  /** The table did not answer. */
  | { readonly is: 'failed'; readonly why: string }
  | { readonly is: 'ended'; readonly node: string; readonly incarnation: number; readonly freed: number };

/** Safe to run twice at once, and to be stopped anywhere: each step is one conditional write. */
export async function sweepInstances(
  given: EvidenceDependencies,
  call: Pick<Call, 'remainingMs'>,
  rules: EvidenceRules = evidenceRules,
): Promise<SweepReport> {
  const deps = { ...given, store: boundedStore(given.store, call).inTime };
  const { region } = deps.own;
  const outcomes: Outcome[] = [];
  const failures: string[] = [];
  let complete = true;
  for await (const nodes of asyncChunks(listedInstances(deps, call, rules), INSTANCES_A_LOOK)) {
    if (timeIsUp(call) || failures.length >= MOST_FAILURES) {
      complete = false;
      break;
    }
    const at = deps.now();
    const answer = await deps.instances.lookUp(
      region,
      nodes.map(({ id }) => id),
      call,
    );
    if (answer.is === 'failed') {
      failures.push(answer.why);
      continue;
    }
    const each = (node: ListedNode) =>
      judge(deps, call, node, { at, state: answer.states.get(node.id), rules }).catch(
        (cause: unknown): Outcome =>
          timeIsUp(call) ? { is: 'waiting' } : { is: 'failed', why: `${node.id}: ${String(cause)}` },
      );
    outcomes.push(...(await pMap(nodes, each, { concurrency: REQUESTS_AT_ONCE })));
  }
  // Then the list was not read to its end, or not everything was done that EC2's last answer asks for.
  if (timeIsUp(call)) complete = false;
  const named = (kind: 'neverSeen' | 'unclear') =>
    outcomes.flatMap((outcome) => (outcome.is === kind ? [outcome.node] : []));
  return {
    looked: outcomes.length,
    ended: outcomes.flatMap((outcome) => (outcome.is === 'ended' ? [withoutKind(outcome)] : [])),
    neverSeen: named('neverSeen'),
    unclear: named('unclear'),
    failures: [...failures, ...outcomes.flatMap((outcome) => (outcome.is === 'failed' ? [outcome.why] : []))],
    complete,
  };
}

const withoutKind = ({ node, incarnation, freed }: Extract<Outcome, { is: 'ended' }>) => ({ node, incarnation, freed });

/** As far as the time suffices: nodes that are dead are listed for a week, and there may be many between two that live. */
async function* listedInstances(
  { store, now, own }: EvidenceDependencies,
  call: Pick<Call, 'remainingMs'>,
  rules: EvidenceRules,
): AsyncGenerator<ListedNode> {
  // What the last look did not come to, since its time was up or EC2 failed, is not left out by each look.
  const first = Math.floor(now() / LOOK_MS);
  for (let part = 0; part < NODE_LIST_SHARDS; part += 1) {
    const shard = (first + part) % NODE_LIST_SHARDS;
    let after: string | undefined;
    do {
      if (timeIsUp(call)) return;
      const page = await store.nodes.listNodes({ shard, limit: INSTANCES_A_LOOK, after });
      // A life is listed before it begins: one that is listed as over has nothing to lose, or is over by its own item.
      yield* page.nodes.filter((node) => node.alive && rules.isAsked(node, own.id));
      after = page.next;
    } while (after !== undefined);
  }
}

interface Said {
  readonly at: number;
  readonly state: InstanceState | undefined;
  readonly rules: EvidenceRules;
}

async function judge(
  deps: EvidenceDependencies,
  call: Pick<Call, 'remainingMs'>,
  listed: ListedNode,
  { at, state, rules }: Said,
): Promise<Outcome> {
  const { id } = listed;
  const { region } = deps.own;
  if (state === undefined) return { is: 'unclear', node: id };
  if (isNews(listed, region, { at, state })) await deps.store.nodes.noteInstance(id, { state, region, at });
  if (!rules.isEnd(state, listed.knownToEc2In, region))
    return state === 'not-found' ? { is: 'neverSeen', node: id } : { is: 'fine' };
  const node = await deps.store.nodes.readNode(id);
  if (!node?.alive) return { is: 'fine' };
  // Whatever EC2 does not find: who was heard of lives. The list alone does not tell: a node without an agent says nothing there, an
  // earlier version noted it elsewhere, and right after a launch EC2 knows an instance for one request and not for the next.
  if (state === 'not-found' && (await heardOfLately(deps, call, node)) !== undefined)
    return { is: 'unclear', node: id };
  const ended = await endTerminated(deps, call, node, {
    declaredBy: 'ec2/DescribeInstances',
    reason:
      state === 'terminated'
        ? `EC2 of ${region} says that it is terminated`
        : `EC2 of ${region} does not find it any more, and knew it before`,
  });
  // What passed it by is of the next look.
  return ended.is === 'ended' ? { node: id, ...ended } : { is: 'fine' };
}

/** Each note is a write: 10,000 instances that run as they did cost none. */
function isNews(
  { instance }: ListedNode,
  region: string,
  { at, state }: { at: number; state: InstanceState },
): boolean {
  if (instance === undefined || instance.state !== state || instance.region !== region) return true;
  return at - instance.at >= NOTED_AGAIN_MS;
}
