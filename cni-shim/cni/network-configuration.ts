/**
 * The network configuration on standard input, read as host-local reads it (containernetworking/plugins,
 * plugins/ipam/host-local/backend/allocator/config.go): keys in any case, null as if absent, the ranges of `runtimeConfig`
 * first, then the one at ipam's top level, then those in `ranges`. Beside host-local's keys: `exclude`, `pool`, `pools`, `vrf`,
 * `lessor`, `release`, `status`, `endpoint`, `region`, `config`. Unlike host-local it refuses keys of the ipam section that it
 * does not know, where it acts on what they may say.
 */

import { isObject, show } from '../machine/json.ts';
import { refusal } from '../machine/refusal.ts';
import { fieldsOf, knownFieldsOf, list, nameIn, path, text, wrong } from './fields.ts';
import { foreignKeys } from './foreign-keys.ts';
import { anyPool, familiesOf, type PoolRequest, poolFields, poolRequestOf } from './pool-request.ts';
import { askedIn, requestedIn, runtimeConfigIn } from './requested-addresses.ts';
import { ensureOnePerFamily } from './result.ts';
import { type Route, routeOf } from './route.ts';
import { type CniVersion, parseVersion, type Verb } from './version.ts';

/** What every verb needs: which network of which version, where the journal is, and who is asked. */
interface NetworkAccess {
  readonly cniVersion: CniVersion;
  readonly name: string;
  /** host-local's own directory: the plugin keeps its state in a hidden one below. */
  readonly dataDir?: string;
  readonly endpoint?: string;
  readonly region?: string;
  /** Path of the node configuration. */
  readonly config?: string;
}

export interface NetworkConfiguration extends NetworkAccess {
  readonly pool: PoolRequest;
  /** Addresses that `args`, `runtimeConfig` and the pod ask for. */
  readonly addresses: readonly string[];
  /** Pools that the pod names. */
  readonly podPools?: readonly string[];
  readonly identity?: string;
  readonly routes: readonly Route[];
  /** Path of a file whose resolver settings the result carries. */
  readonly resolvConf?: string;
  /** Only a DEL releases: that a network namespace is gone says nothing. */
  readonly release?: 'del';
  /** STATUS fails as the specification says, also where there is no address left. */
  readonly status?: 'capacity';
}

const accessFields = ['dataDir', 'endpoint', 'region', 'config'] as const;
/** `type` is the specification's; `name` is in the Go structs of host-local and others. */
const CONVENTIONAL: readonly string[] = ['type', 'name', 'args', 'capabilities'];
/** Keys with a dot are a domain's own, like `cni.dev/…`. */
const isOverlooked = (key: string): boolean => CONVENTIONAL.includes(key.toLowerCase()) || key.includes('.');
const ipamKeys = {
  names: [...poolFields, 'routes', 'resolvConf', 'release', 'status', ...accessFields],
  isOverlooked,
  foreign: foreignKeys,
};

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
 * ADD and CHECK look at everything; only ADD looks at what hands an address out: a request for certain addresses, and whether
 * the version has room for so many. The others use what they need and overlook the rest, so that nothing in a configuration
 * keeps an address from being released, or a node from being ready.
 * @throws LessorError `cni.version`, `cni.configuration`.
 */
export function parseNetworkConfiguration(verb: Verb, input: Record<string, unknown>): NetworkConfiguration {
  const cniVersion = parseVersion(verb, input);
  const top = fieldsOf(input, 'the configuration', ['name', 'ipam', 'args', 'runtimeConfig']);
  const name = nameOf(top.get('name'));
  const section = top.get('ipam');
  if (section === undefined)
    throw wrong(
      'ipam is missing',
      'add "ipam": {"type": "lessor"}, with "ranges" or "pool" where the service is not to choose',
    );
  const access = { cniVersion, name, ...accessIn(section) };
  const isWhole = verb === 'ADD' || verb === 'CHECK' || (verb === 'STATUS' && asksForCapacity(section));
  if (!isWhole) return { ...access, pool: anyPool(name), addresses: [], routes: [] };
  const asked = verb === 'ADD' ? askedIn(top, name) : {};
  const addresses = verb === 'ADD' ? [...requestedIn(top), ...(asked.addresses ?? [])] : [];
  const ipam = knownFieldsOf(section, 'ipam', ipamKeys);
  const pool = poolRequestOf(section, ipam, name, runtimeConfigIn(top).get('ipRanges'));
  if (verb === 'ADD' && pool.ranges !== undefined) ensureOnePerFamily(cniVersion, familiesOf(pool.ranges));
  const resolvConf = path(ipam.get('resolvConf'), 'ipam.resolvConf');
  const release = only('del', ipam.get('release'), 'ipam.release');
  const status = only('capacity', ipam.get('status'), 'ipam.status');
  return {
    ...access,
    pool,
    addresses,
    ...(asked.pools === undefined ? {} : { podPools: asked.pools }),
    ...(asked.identity === undefined ? {} : { identity: asked.identity }),
    routes: list(ipam.get('routes'), 'ipam.routes').map(routeOf),
    ...(resolvConf === undefined ? {} : { resolvConf }),
    ...(release === undefined ? {} : { release }),
    ...(status === undefined ? {} : { status }),
  };
}

function accessIn(section: unknown): Omit<NetworkAccess, 'cniVersion' | 'name'> {
  const ipam = fieldsOf(section, 'ipam', accessFields);
  const optional = (key: (typeof accessFields)[number], read = path) => {
    const value = read(ipam.get(key), `ipam.${key}`);
    return value === undefined ? {} : { [key]: value };
  };
  return {
    ...optional('dataDir', directory),
    ...optional('endpoint', text),
    ...optional('region', text),
    ...optional('config'),
  };
}

const asksForCapacity = (section: unknown): boolean =>
  fieldsOf(section, 'ipam', ['status']).get('status') === 'capacity';

/** The one value that a key may have. */
function only<T extends string>(value: T, given: unknown, where: string): T | undefined {
  if (given === undefined) return undefined;
  if (given === value) return value;
  throw wrong(`${where} ${show(given)} is not known`, `write "${value}", or leave it out`);
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
