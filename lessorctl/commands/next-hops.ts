/** Where each node is reached: as the user says, else as Kubernetes does. */
import type { ListedNodeView } from '../../core/contract/nodes.ts';
import { askKubectl, type ListOf } from '../kubernetes/kubectl.ts';
import { isAddress } from '../plan/prefix.ts';
import type { Session } from '../session/session.ts';
import { wrong } from '../settings/wrong.ts';
import { gathered } from './pages.ts';
import { isIpv6, type NextHops, OWN, type RouteTarget } from './route-plan.ts';

interface Asked {
  readonly via: readonly string[];
  readonly on: string | undefined;
  readonly target: RouteTarget | undefined;
}

/** Nothing else gets into a line that a shell may read. */
const OF_EC2 = /^(eni|i)-[0-9a-f]+$/;

/** @throws LessorError `request.invalid` */
export async function nextHopsOf(session: Session, { via, on, target }: Asked): Promise<NextHops> {
  const isHop = (text: string) =>
    target === 'aws' ? OF_EC2.test(text) : isAddress(text) || (target === undefined && OF_EC2.test(text));
  const given = via.map((one) => {
    const [, node = '', hop = ''] = /^([^=]+)=(.+)$/.exec(one) ?? [];
    if (!isHop(hop))
      throw wrong(
        `--via ${JSON.stringify(one)} names no next hop`,
        `write it like node=${EXAMPLES[target ?? 'linux']}`,
      );
    return { node, hop };
  });
  const nodes = await nodesOf(session);
  const nameOf = (node: string) => nodes.find((one) => one.node === node)?.name;
  for (const { node } of given) ensureKnown('--via', node, nodes);
  if (on !== undefined) ensureKnown('--on', on, nodes);
  const kubernetes = target === 'aws' ? { found: [] } : await addressesOfKubernetes(session);
  const known = 'why' in kubernetes ? [] : kubernetes.found;
  return {
    nameOf,
    why: 'why' in kubernetes ? kubernetes.why : undefined,
    to(node, ipv6) {
      const isMeant = (named: string) => named === node || named === nameOf(node);
      if (on !== undefined && isMeant(on)) return OWN;
      const fits = ({ hop }: { readonly hop: string }) => OF_EC2.test(hop) || isIpv6(hop) === ipv6;
      const found = [...given, ...known].find((one) => isMeant(one.node) && fits(one));
      return found?.hop ?? (target === 'aws' && OF_EC2.test(node) ? node : undefined);
    },
  };
}

const EXAMPLES = { linux: '192.0.2.11', aws: 'eni-0123456789abcdef0' } as const;

async function nodesOf({ service, progress }: Session): Promise<ListedNodeView[]> {
  const api = await service();
  const list = api.pages('listNodes', { query: { alive: 'true', limit: '100' } });
  return gathered(list, (page) => page.nodes, progress, 'nodes');
}

function ensureKnown(option: string, named: string, nodes: readonly ListedNodeView[]): void {
  const found = nodes.filter(({ node, name }) => node === named || name === named);
  if (found.length === 0) throw wrong(`${option} ${named} is no node that lives`, 'see lessorctl nodes');
  if (found.length > 1)
    throw wrong(
      `${option} ${named} is the name of ${found.length} living nodes`,
      `name one by its id: ${found.map(({ node }) => node).join(', ')}`,
    );
}

interface KubernetesNode {
  readonly spec?: { readonly providerID?: string };
  readonly status?: { readonly addresses?: readonly { readonly type?: string; readonly address?: string }[] };
}

/** By the node's name, and by its instance. */
async function addressesOfKubernetes({ shell, context }: Session) {
  const nodes = await askKubectl<ListOf<KubernetesNode>>(shell, context, ['get', 'nodes']);
  if ('why' in nodes) return nodes;
  const found = (nodes.found.items ?? []).flatMap(({ metadata, spec, status }) => {
    const names = [metadata?.name, spec?.providerID?.split('/').at(-1)].filter((name) => name !== undefined);
    const addresses = (status?.addresses ?? []).filter(({ type }) => type === 'InternalIP');
    return names.flatMap((node) =>
      addresses.flatMap(({ address: hop = '' }) => (isAddress(hop) ? [{ node, hop }] : [])),
    );
  });
  return { found };
}
