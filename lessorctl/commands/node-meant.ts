/** A node as a user names it. */
import type { ListedNodeView } from '../../core/contract/nodes.ts';
import type { Service } from '../api/service.ts';

/** By its id, or by the name that the cluster has for it. */
export async function nodeMeant(api: Service, named: string): Promise<ListedNodeView | undefined> {
  let byName: ListedNodeView | undefined;
  for await (const { nodes } of api.pages('listNodes', { query: { limit: '100' } })) {
    const byId = nodes.find(({ node }) => node === named);
    if (byId !== undefined) return byId;
    // Of several lives under one name the living one is meant.
    byName =
      nodes.find(({ name, alive }) => name === named && alive) ?? byName ?? nodes.find(({ name }) => name === named);
  }
  return byName;
}
