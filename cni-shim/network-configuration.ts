/**
 * The network configuration on standard input, read as host-local reads it (containernetworking/plugins,
 * plugins/ipam/host-local/backend/allocator/config.go): keys in any case, null as if absent, unknown keys ignored,
 * a range at ipam's top level before those in `ranges`. Beside host-local's keys: `pool`, `pools`, `vrf`, `endpoint`,
 * `region`, `config`.
 */
import { formatAddress, parseAddress, parsePrefix } from '../core/address.ts';
import { fieldsOf, list, nameIn, text, wrong } from './configuration-fields.ts';
import { isObject } from './fields.ts';
import { type PoolWish, poolWishOf, wishFields } from './pool-wish.ts';
import { refusal } from './refusal.ts';
import { requestedIn } from './requested-addresses.ts';
import { type CniVersion, supportedVersions } from './result.ts';

export interface Route {
  readonly dst: string;
  readonly gw?: string;
}

export interface NetworkConfiguration {
  readonly cniVersion: CniVersion;
  readonly name: string;
  readonly pool: PoolWish;
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

/** @throws LessorError `cni.version`. A configuration without a version is one of 0.1.0 (CNI specification, section 1). */
function parseVersion(input: Record<string, unknown>): CniVersion {
  const version = fieldsOf(input, 'the configuration', ['cniVersion']).get('cniVersion') ?? '0.1.0';
  const supported = supportedVersions.find((candidate) => candidate === version);
  if (supported === undefined)
    throw refusal(
      'cni.version',
      `cniVersion ${JSON.stringify(version)} is not supported`,
      `use one of ${supportedVersions.join(', ')}`,
    );
  return supported;
}

/**
 * DEL overlooks a request for certain addresses: where that is wrong the ADD was refused, and the runtime repeats DEL until
 * it succeeds.
 * @throws LessorError `cni.version`, `cni.configuration`.
 */
export function parseNetworkConfiguration(verb: 'ADD' | 'DEL', input: Record<string, unknown>): NetworkConfiguration {
  const cniVersion = parseVersion(input);
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
    ...wishFields,
    'routes',
    'resolvConf',
    'dataDir',
    'endpoint',
    'region',
    'config',
  ]);
  const optional = (key: 'resolvConf' | 'dataDir' | 'endpoint' | 'region' | 'config') => {
    const value = text(ipam.get(key), `ipam.${key}`);
    return value === undefined ? {} : { [key]: value };
  };
  return {
    cniVersion,
    name,
    pool: poolWishOf(ipam, name),
    addresses,
    routes: list(ipam.get('routes'), 'ipam.routes').map(routeOf),
    ...optional('resolvConf'),
    ...optional('dataDir'),
    ...optional('endpoint'),
    ...optional('region'),
    ...optional('config'),
  };
}

function nameOf(value: unknown): string {
  const name = nameIn(value, 'name', 'network');
  if (name === undefined) throw wrong('name is missing', 'give the network a name');
  return name;
}

/** Host bits stay as they are written, and are printed so: host-local does the same. */
function routeOf(value: unknown, index: number): Route {
  const where = `ipam.routes[${index}]`;
  const fields = fieldsOf(value, where, ['dst', 'gw']);
  const dst = text(fields.get('dst'), `${where}.dst`);
  const prefix = dst === undefined ? undefined : parsePrefix(dst);
  if (prefix === undefined)
    throw wrong(`${where}.dst ${JSON.stringify(dst ?? null)} is no prefix`, 'write it like 0.0.0.0/0 or 2001:db8::/32');
  const gw = text(fields.get('gw'), `${where}.gw`);
  const gateway = gw === undefined ? undefined : parseAddress(gw);
  if (gw !== undefined && gateway === undefined)
    throw wrong(
      `${where}.gw ${JSON.stringify(gw)} is no IP address`,
      'write it like 10.1.0.1 or fd00::1, or leave it out',
    );
  return {
    dst: `${formatAddress(prefix.address)}/${prefix.length}`,
    ...(gateway === undefined ? {} : { gw: formatAddress(gateway) }),
  };
}
