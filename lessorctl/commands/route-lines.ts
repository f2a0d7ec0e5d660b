/** Routes as whoever makes them takes them, and as they are read where they are. */
import { readPrefix } from '../plan/prefix.ts';
import { wrong } from '../settings/wrong.ts';
import { isIpv6, OWN, type PoolRoute, type PresentRoutes, type RouteTarget } from './route-plan.ts';

/** Ours of those of a node (rtnetlink(7), rtm_protocol): no daemon's, and not the kernel's. */
const PROTOCOL = '76';
/** Behind the route that a bridge with the block's gateway has: its pods are nearer than nowhere. */
const METRIC = '9999';

/** What is to be done; nothing where all is there. @param table of the VPC @throws LessorError where the service names no prefix */
export function linesFor(target: RouteTarget, routes: readonly PoolRoute[], table: string): string[] {
  const toDo = routes.filter(({ state }) => state !== 'present');
  // A shell reads the lines: what the service says is in no line before it is looked at.
  for (const { prefix } of toDo) readPrefix('the prefix of a block', prefix);
  return toDo.map((route) => (target === 'linux' ? lineOfLinux(route) : lineOfAws(route, table)));
}

function lineOfLinux({ prefix, via, state }: PoolRoute): string {
  const verb = state === 'gone' ? 'del' : 'replace';
  if (via === OWN) return `route ${verb} blackhole ${prefix} metric ${METRIC} proto ${PROTOCOL}`;
  return `route ${verb} ${prefix} via ${via} proto ${PROTOCOL}`;
}

function lineOfAws({ prefix, via = '', state }: PoolRoute, table: string): string {
  const verb = state === 'gone' ? 'delete' : state === 'changed' ? 'replace' : 'create';
  const destination = isIpv6(prefix) ? 'destination-ipv6-cidr-block' : 'destination-cidr-block';
  const hop = via.startsWith('i-') ? 'instance-id' : 'network-interface-id';
  const target = state === 'gone' ? '' : ` --${hop} ${via}`;
  return `aws ec2 ${verb}-route --route-table-id ${table} --${destination} ${prefix}${target}`;
}

interface LinuxRoute {
  readonly type?: string;
  readonly dst?: string;
  readonly gateway?: string;
  readonly protocol?: string;
}
interface AwsRoute {
  readonly DestinationCidrBlock?: string;
  readonly DestinationIpv6CidrBlock?: string;
  readonly NetworkInterfaceId?: string;
  readonly InstanceId?: string;
}

/**
 * @param text JSON of `ip -j route` or of `aws ec2 describe-route-tables`
 * @param table of the VPC: what others have is not there
 * @throws LessorError `request.invalid`
 */
export function presentIn(target: RouteTarget, text: string, table: string): PresentRoutes {
  const what = target === 'linux' ? 'ip -j route' : 'aws ec2 describe-route-tables';
  try {
    return byPrefix(target === 'linux' ? inLines(text).flatMap(ofLinux) : ofAws(JSON.parse(text), table));
  } catch (cause) {
    const whose = target === 'aws' ? ` of table ${table}` : '';
    throw wrong(`--present holds no routes${whose}`, `give what ${what} prints`, cause);
  }
}

/** Of one prefix there may be several, of other metrics. */
function byPrefix(routes: readonly (readonly [string, readonly string[]])[]): PresentRoutes {
  const found = new Map<string, readonly string[]>();
  for (const [prefix, hops] of routes) found.set(prefix, [...(found.get(prefix) ?? []), ...hops]);
  return found;
}

/** `ip` prints a list a line, one for each time that it is called, as for each family. */
const inLines = (text: string): (readonly LinuxRoute[])[] =>
  text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [JSON.parse(line)]));

function ofLinux(list: readonly LinuxRoute[]): [string, string[]][] {
  // Where it prints those of one protocol, it leaves that out. Else it does so of what somebody made by hand (`boot`), and of nothing
  // else.
  const isOfOne = list.every(({ protocol }) => protocol === undefined);
  return list.flatMap(({ dst, gateway, type, protocol }): [string, string[]][] => {
    const via = type === 'blackhole' ? OWN : gateway;
    const isOurs = isOfOne || protocol === PROTOCOL;
    return !isOurs || dst === undefined || via === undefined ? [] : [[dst, [via]]];
  });
}

interface AwsTable {
  readonly RouteTableId: string;
  readonly Routes: readonly AwsRoute[];
}

function ofAws({ RouteTables }: { readonly RouteTables?: unknown }, id: string): [string, string[]][] {
  const tables = (RouteTables as readonly AwsTable[]).filter(({ RouteTableId }) => RouteTableId === id);
  if (tables.length === 0) throw new RangeError(`there is no table ${id}`);
  return tables.flatMap(({ Routes }) =>
    Routes.flatMap((one): [string, string[]][] => {
      const prefix = one.DestinationCidrBlock ?? one.DestinationIpv6CidrBlock;
      const hops = [one.NetworkInterfaceId, one.InstanceId].filter((hop) => hop !== undefined);
      return prefix === undefined ? [] : [[prefix, hops]];
    }),
  );
}
