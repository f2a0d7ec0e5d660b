/** What the kernel has on an interface of a pod, and what of it and of CNI results is the same for every IPAM plugin. */
import { ip } from '../../local/nodes/node-network.ts';

interface Link {
  readonly ifname: string;
  readonly addr_info: readonly { readonly local: string; readonly prefixlen: number; readonly scope: string }[];
}

export interface PodInterface {
  /** `10.1.0.5/24`, without the link-local ones. */
  readonly addresses: readonly string[];
  /** All that `ip` says of those addresses and of the routes of both families. */
  readonly details: unknown;
  readonly routes: readonly { readonly dst: string; readonly gateway?: string }[];
}

export function podInterface(namespace: string, ifname: string): PodInterface {
  const show = (...words: string[]) => JSON.parse(ip('-j', '-n', namespace, ...words) || '[]');
  const [link] = show('address', 'show', 'dev', ifname) as Link[];
  const own = (link?.addr_info ?? []).filter(({ scope }) => scope === 'global');
  const routes = ['-4', '-6'].flatMap((family) => show(family, 'route', 'show')) as PodInterface['routes'];
  return { addresses: own.map(({ local, prefixlen }) => `${local}/${prefixlen}`), routes, details: { own, routes } };
}

/** Names of the links in a namespace. */
export const linksIn = (namespace: string): string[] =>
  (JSON.parse(ip('-j', '-n', namespace, 'link', 'show')) as Link[]).map(({ ifname }) => ifname);

export interface InterfaceResult {
  readonly cniVersion: string;
  readonly interfaces: readonly { readonly name: string; readonly sandbox?: string }[];
  readonly ips: readonly { readonly address: string; readonly gateway?: string; readonly interface?: number }[];
}

/** A result without what the kernel makes up for each pod: MAC addresses, names of the host's ends, the pod's path. */
export function withoutChance(output: unknown): unknown {
  const result = output as InterfaceResult;
  const interfaces = result.interfaces.map((one) => ({
    ...one,
    mac: 'any',
    name: one.name.replace(/^veth[0-9a-f]{8}$/, 'veth'),
    ...(one.sandbox ? { sandbox: 'the pod' } : {}),
  }));
  return { ...result, interfaces };
}
