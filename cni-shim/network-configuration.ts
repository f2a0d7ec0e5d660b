/**
 * The network configuration on standard input, read as host-local reads it (containernetworking/plugins,
 * plugins/ipam/host-local/backend/allocator/config.go): keys in any case, null as if absent, unknown keys ignored,
 * a range at ipam's top level before those in `ranges`. Beside host-local's keys: `endpoint`, `region`, `config`.
 */
import { formatAddress, parseAddress, parsePrefix } from '../core/address.ts';
import type { RangeText } from '../core/contract/messages.ts';
import { LessorError } from '../core/contract/problems.ts';
import { resolvePoolRanges } from '../core/pool-space.ts';
import { type Fields, isObject, listOf, objectOf, textOf } from './fields.ts';
import { CNI_NAME } from './invocation.ts';
import { refusal, UnsupportedField } from './refusal.ts';
import { type CniVersion, supportedVersions } from './result.ts';

export interface Route {
  readonly dst: string;
  readonly gw?: string;
}

export interface NetworkConfiguration {
  readonly cniVersion: CniVersion;
  readonly name: string;
  readonly ranges: RangeText[][];
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

const wrong = (what: string, remedy: string) => refusal('cni.configuration', what, remedy);

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
 * DEL overlooks a request for certain addresses: the ADD was refused, and the runtime repeats DEL until it succeeds.
 * @throws LessorError `cni.version`, `cni.configuration`.
 */
export function parseNetworkConfiguration(verb: 'ADD' | 'DEL', input: Record<string, unknown>): NetworkConfiguration {
  const cniVersion = parseVersion(input);
  const top = fieldsOf(input, 'the configuration', ['name', 'ipam', 'args', 'runtimeConfig']);
  const name = nameOf(top.get('name'));
  if (verb === 'ADD') refuseRequestedAddresses(top);
  const given = top.get('ipam');
  if (given === undefined) throw wrong('ipam is missing', 'add "ipam": {"type": "lessor", "ranges": …}');
  const ipam = fieldsOf(given, 'ipam', [
    'subnet',
    'rangeStart',
    'rangeEnd',
    'gateway',
    'ranges',
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
    ranges: rangesOf(ipam),
    routes: list(ipam.get('routes'), 'ipam.routes').map(routeOf),
    ...optional('resolvConf'),
    ...optional('dataDir'),
    ...optional('endpoint'),
    ...optional('region'),
    ...optional('config'),
  };
}

function nameOf(value: unknown): string {
  const name = text(value, 'name');
  if (name === undefined) throw wrong('name is missing', 'give the network a name');
  if (!CNI_NAME.test(name))
    throw wrong(
      `name ${JSON.stringify(name)} is no network name`,
      'it begins with a letter or digit, holds only letters, digits, _ . - and has 255 characters at most',
    );
  return name;
}

function rangesOf(ipam: Fields): RangeText[][] {
  const sets = list(ipam.get('ranges'), 'ipam.ranges').map((set, setIndex) =>
    list(set, `ipam.ranges[${setIndex}]`).map((range, index) => rangeOf(range, `ipam.ranges[${setIndex}][${index}]`)),
  );
  const single = ipam.get('subnet') === undefined ? [] : [[rangeFrom(ipam, 'ipam')]];
  const ranges = [...single, ...sets];
  if (ranges.length === 0)
    throw wrong(
      'ipam holds no range',
      'add "ranges": [[{"subnet": "10.1.0.0/16"}]] with the addresses of your network',
    );
  const resolved = resolvePoolRanges(ranges);
  if (!resolved.ok) {
    const counted = single.length === 0 ? '' : ' (ranges[0] is the one written directly in ipam)';
    throw new LessorError('cni.configuration', `ipam.${resolved.problem}${counted}`);
  }
  return ranges;
}

const rangeFields = ['subnet', 'rangeStart', 'rangeEnd', 'gateway'] as const;

const rangeOf = (value: unknown, where: string): RangeText => rangeFrom(fieldsOf(value, where, rangeFields), where);

function rangeFrom(fields: Fields, where: string): RangeText {
  const [subnet, rangeStart, rangeEnd, gateway] = rangeFields.map((key) => text(fields.get(key), `${where}.${key}`));
  if (subnet === undefined) throw wrong(`${where}.subnet is missing`, 'give the subnet, for example "10.1.0.0/16"');
  return {
    subnet,
    ...(rangeStart === undefined ? {} : { rangeStart }),
    ...(rangeEnd === undefined ? {} : { rangeEnd }),
    ...(gateway === undefined ? {} : { gateway }),
  };
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

/** A request for certain addresses must not be answered with others in silence. */
function refuseRequestedAddresses(top: Fields): void {
  const remedy = 'leave it out, the pool chooses the address';
  const refuse = (key: string, value: unknown) => {
    if (value !== undefined && !(Array.isArray(value) && value.length === 0))
      throw new UnsupportedField(key, value, remedy);
  };
  const inside = (holder: Fields, key: string, where: string, names: readonly string[]): Fields =>
    holder.get(key) === undefined ? new Map() : fieldsOf(holder.get(key), where, names);
  const runtime = inside(top, 'runtimeConfig', 'runtimeConfig', ['ips', 'ipRanges']);
  refuse('runtimeConfig.ips', runtime.get('ips'));
  refuse('runtimeConfig.ipRanges', runtime.get('ipRanges'));
  const cni = inside(inside(top, 'args', 'args', ['cni']), 'cni', 'args.cni', ['ips']);
  refuse('args.cni.ips', cni.get('ips'));
}

/** The named fields of an object. Go matches keys in any case and the last one counts, so host-local does. */
function fieldsOf(value: unknown, where: string, names: readonly string[]): Fields {
  const found = new Map<string, unknown>();
  for (const [key, content] of Object.entries(objectOf(value, where, wrong))) {
    const name = names.find((candidate) => candidate.toLowerCase() === key.toLowerCase());
    if (name !== undefined && content !== null) found.set(name, content);
  }
  return found;
}

const text = (value: unknown, where: string): string | undefined => textOf(value, where, wrong);
const list = (value: unknown, where: string): unknown[] => listOf(value, where, wrong);
