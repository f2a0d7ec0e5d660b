/**
 * The network configuration on standard input, read as host-local reads it (containernetworking/plugins,
 * plugins/ipam/host-local/backend/allocator/config.go): keys in any case, null as if absent, unknown keys ignored,
 * the ranges of `runtimeConfig` first, then the one at ipam's top level, then those in `ranges`. Beside host-local's keys:
 * `pool`, `pools`, `vrf`, `endpoint`, `region`, `config`.
 */

import { isObject, show } from '../machine/json.ts';
import { refusal } from '../machine/refusal.ts';
import { fieldsOf, list, nameIn, path, text, wrong } from './fields.ts';
import { familiesOf, type PoolRequest, poolFields, poolRequestOf } from './pool-request.ts';
import { requestedIn, runtimeConfigIn } from './requested-addresses.ts';
import { ensureOnePerFamily } from './result.ts';
import { type Route, routeOf } from './route.ts';
import { type CniVersion, parseVersion, type Verb } from './version.ts';

export interface NetworkConfiguration {
  readonly cniVersion: CniVersion;
  readonly name: string;
  readonly pool: PoolRequest;
  /** Addresses that `args` and `runtimeConfig` ask for. */
  readonly addresses: readonly string[];
  readonly routes: readonly Route[];
  /** Path of a file whose resolver settings the result carries. */
  readonly resolvConf?: string;
  /** host-local's own directory: the plugin keeps its state in a hidden one below. */
  readonly dataDir?: string;
  readonly endpoint?: string;
  readonly region?: string;
  /** Path of the node configuration. */
  readonly config?: string;
}

/** The whole input as an object. @throws LessorError `cni.undecodable`. */
export function parseInput(stdin: string): Record<string, unknown> {
  let input: unknown;
  try {
    input = JSON.parse(stdin);
  } catch (cause) {
    const found = stdin.trim() === '' ? 'nothing' : 'what is not JSON';
    throw refusal('cni.undecodable', `standard input holds ${found}`, 'give the network configuration there', cause);
  }
  if (!isObject(input))
    throw refusal('cni.undecodable', 'standard input is no JSON object', 'give the network configuration there');
  return input;
}

/**
 * Only ADD looks at what hands an address out: a request for certain addresses, and whether the version has room for so
 * many. Where that is wrong the ADD was refused, and the runtime repeats DEL until it succeeds.
 * @throws LessorError `cni.version`, `cni.configuration`.
 */
export function parseNetworkConfiguration(verb: Verb, input: Record<string, unknown>): NetworkConfiguration {
  const cniVersion = parseVersion(verb, input);
  const top = fieldsOf(input, 'the configuration', ['name', 'ipam', 'args', 'runtimeConfig']);
  const name = nameOf(top.get('name'));
  const addresses = verb === 'ADD' ? requestedIn(top) : [];
  const given = top.get('ipam');
  if (given === undefined)
    throw wrong(
      'ipam is missing',
      'add "ipam": {"type": "lessor"}, with "ranges" or "pool" where the service is not to choose',
    );
  const ipam = fieldsOf(given, 'ipam', [
    ...poolFields,
    'routes',
    'resolvConf',
    'dataDir',
    'endpoint',
    'region',
    'config',
  ]);
  const optional = (key: 'resolvConf' | 'dataDir' | 'endpoint' | 'region' | 'config', read = path) => {
    const value = read(ipam.get(key), `ipam.${key}`);
    return value === undefined ? {} : { [key]: value };
  };
  const pool = poolRequestOf(ipam, name, runtimeConfigIn(top).get('ipRanges'));
  if (verb === 'ADD' && pool.ranges !== undefined) ensureOnePerFamily(cniVersion, familiesOf(pool.ranges));
  return {
    cniVersion,
    name,
    pool,
    addresses,
    routes: list(ipam.get('routes'), 'ipam.routes').map(routeOf),
    ...optional('resolvConf'),
    ...optional('dataDir', directory),
    ...optional('endpoint', text),
    ...optional('region', text),
    ...optional('config'),
  };
}

/** What a relative one means depends on the runtime's working directory, where the next call would not find the journal. */
function directory(value: unknown, where: string): string | undefined {
  const found = path(value, where);
  if (found === undefined || found.startsWith('/')) return found;
  throw wrong(`${where} ${show(found)} is not absolute`, 'write it like /var/lib/cni/networks');
}

function nameOf(value: unknown): string {
  const name = nameIn(value, 'name', 'network');
  if (name === undefined) throw wrong('name is missing', 'give the network a name');
  return name;
}
