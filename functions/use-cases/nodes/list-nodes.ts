/** The list of nodes, in pages and by what they are asked for. */
import { NODE_LIST_SHARDS } from '../../../core/contract/limits.ts';
import type { ListedNodeView, ListNodesQuery, ListNodesResult } from '../../../core/contract/nodes.ts';
import type { ListedNode } from '../../../core/protocol/node.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { journalView } from './heartbeat.ts';

/** Nodes that are read at once where not all of them are wanted. */
const A_LOOK = 250;
/** What remains of the request's time must suffice for one more read, and for an answer. */
const RESERVE_MS = 2_500;

type Filter = Pick<ListNodesQuery, 'cluster' | 'account' | 'region' | 'alive'>;

/** At least one read is made: each page gets on, however little time there is. */
export async function listNodes(
  { store }: Dependencies,
  { remainingMs }: Pick<Call, 'remainingMs'>,
  { cursor, limit, ...filter }: ListNodesQuery,
): Promise<ListNodesResult> {
  const isAll = Object.values(filter).every((wanted) => wanted === undefined);
  const nodes: ListedNodeView[] = [];
  let { shard, after } = positionOf(cursor);
  do {
    const most = isAll ? limit - nodes.length : A_LOOK;
    const page = await store.nodes.listNodes({ shard, limit: most, after });
    for (const node of page.nodes) {
      if (fits(filter, node)) nodes.push(viewOf(node));
      if (nodes.length === limit) return { nodes, nextCursor: cursorOf(shard, node.id) };
    }
    after = page.next;
    if (after === undefined) shard += 1;
  } while (shard < NODE_LIST_SHARDS && remainingMs() >= RESERVE_MS);
  return { nodes, ...(shard < NODE_LIST_SHARDS ? { nextCursor: cursorOf(shard, after) } : {}) };
}

function fits({ cluster, account, region, alive }: Filter, node: ListedNode): boolean {
  const wanted = [
    [cluster, node.cluster],
    [account, node.account?.id],
    [region, node.region],
    [alive, String(node.alive)],
  ];
  return wanted.every(([asked, found]) => asked === undefined || asked === found);
}

/** `<part>#<node>`, or `<part>#` at its beginning. */
const cursorOf = (shard: number, after = ''): string => `${shard.toString(16)}#${after}`;

function positionOf(cursor = '0#'): { shard: number; after: string | undefined } {
  return { shard: Number.parseInt(cursor.slice(0, 1), 16), after: cursor.slice(2) || undefined };
}

function viewOf({
  id,
  account,
  lifeAt,
  heartbeatAt,
  journal,
  instance,
  knownToEc2At,
  ...node
}: ListedNode): ListedNodeView {
  return {
    node: id,
    ...node,
    ...(account === undefined ? {} : { account: account.id, partition: account.partition }),
    lifeAt: timeText(lifeAt),
    ...(heartbeatAt === undefined ? {} : { heartbeatAt: timeText(heartbeatAt) }),
    ...(journal === undefined ? {} : { journal: journalView(journal) }),
    ...(instance === undefined ? {} : { instance: { state: instance.state, at: timeText(instance.at) } }),
    ...(knownToEc2At === undefined ? {} : { knownToEc2At: timeText(knownToEc2At) }),
  };
}

const timeText = (time: number): string => new Date(time).toISOString();
