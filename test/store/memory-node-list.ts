/** The list of nodes in memory, as functions/store/dynamodb-node-list.ts keeps it in DynamoDB. */

import { scatter } from '../../core/addresses/scatter.ts';
import { NODE_LIST_SHARDS } from '../../core/contract/limits.ts';
import type { ListedNode, ServiceWatch } from '../../core/protocol/node.ts';
import type { NodeList } from '../../core/store.ts';
import { copy } from './copy.ts';

export function memoryNodeList(): NodeList {
  const listed = new Map<string, ListedNode>();
  let watch: ServiceWatch | undefined;
  const copyOf = (id: string) => copy(listed.get(id));
  /** Where `allowed`, the listing as `change` makes it. */
  const note = (
    id: string,
    allowed: (found: ListedNode | undefined) => boolean,
    change: (found: ListedNode | undefined) => ListedNode,
  ): boolean => {
    const found = listed.get(id);
    if (!allowed(found)) return false;
    listed.set(id, copy(change(found)));
    return true;
  };
  return {
    async noteListed(id, life, now) {
      return note(
        id,
        (found) => found === undefined || found.incarnation < life.incarnation,
        (found) => ({ ...clusterless(found), ...life, id, alive: true, lifeAt: now }),
      );
    },
    async noteHeartbeat(id, said) {
      return note(
        id,
        (found) =>
          found === undefined ||
          found.incarnation < said.incarnation ||
          (found.incarnation === said.incarnation && found.alive),
        (found) => ({ lifeAt: said.heartbeatAt, ...clusterless(found), ...said, id, alive: true }),
      );
    },
    async noteListedDead(id, incarnation) {
      return note(
        id,
        (found) => found !== undefined && found.incarnation <= incarnation,
        (found) => ({ ...(found as ListedNode), incarnation, alive: false }),
      );
    },
    async noteInstance(id, instance) {
      const isKnown = instance.state !== 'not-found';
      return note(
        id,
        (found) => found !== undefined && (found.instance === undefined || found.instance.at <= instance.at),
        (found) => ({
          ...(isKnown && { knownToEc2At: instance.at }),
          ...(found as ListedNode),
          ...(isKnown && { knownToEc2In: instance.region }),
          instance,
        }),
      );
    },
    async readListed(id) {
      return copyOf(id);
    },
    async listNodes({ shard, limit, after = '' }) {
      const ids = [...listed.keys()].filter((id) => scatter(id) % NODE_LIST_SHARDS === shard && id > after).sort();
      const nodes = ids.slice(0, limit).map((id) => copyOf(id) as ListedNode);
      const last = nodes.at(-1);
      return { nodes, ...(last !== undefined && ids.length > limit ? { next: last.id } : {}) };
    },
    async readWatch() {
      return watch && { ...watch };
    },
    async noteWatch(noted) {
      if (watch !== undefined && watch.since > noted.since) return false;
      watch = { ...noted };
      return true;
    },
    async unlist(id, incarnation) {
      const found = listed.get(id);
      return found !== undefined && found.incarnation <= incarnation && listed.delete(id);
    },
  };
}

/** What a node says and leaves out stays, but for its cluster. */
const clusterless = ({ cluster: _, ...rest }: Partial<ListedNode> = {}): Partial<ListedNode> => rest;
