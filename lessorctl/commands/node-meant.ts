/** A node as a user names it. */
import type { ListedNodeView } from '../../core/contract/nodes.ts';
import type { Service } from '../api/service.ts';
import { wrong } from '../settings/wrong.ts';

/**
 * By its id, or by the name that the cluster has for it. Of several lives under one name the living one is meant.
 * @throws LessorError `request.invalid` where several living ones have the name, as nodes of two clusters may
 */
export async function nodeMeant(api: Service, named: string): Promise<ListedNodeView | undefined> {
  const byName: ListedNodeView[] = [];
  for await (const { nodes } of api.pages('listNodes', { query: { limit: '100' } })) {
    const byId = nodes.find(({ node }) => node === named);
    if (byId !== undefined) return byId;
    byName.push(...nodes.filter(({ name }) => name === named));
  }
  const living = byName.filter(({ alive }) => alive);
  if (living.length > 1)
    throw wrong(`${living.length} living nodes have the name ${named}`, `name one by its id: ${idsOf(living)}`);
  return living[0] ?? byName[0];
}

const idsOf = (nodes: readonly ListedNodeView[]): string => nodes.map(({ node }) => node).join(', ');
