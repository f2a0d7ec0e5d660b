/**
 * Which pool a network configuration means: one of its own ranges, those that it names, or one that the service chooses.
 * Ranges of the runtime (`runtimeConfig.ipRanges`) may differ from pod to pod, those of a pool never do: so each choice of
 * them is a pool of its own, called `<network>.<8 hex digits>` after them.
 */

import { resolveRangeSets } from '../../core/addresses/range.ts';
import type { AllocateRequest } from '../../core/contract/lease.ts';
import { most } from '../../core/contract/limits.ts';
import type { RangeText } from '../../core/contract/pool.ts';
import { LessorError } from '../../core/contract/problems.ts';
import { nameAfter } from '../../core/pools/inline-name.ts';
import { resolveInlinePool } from '../../core/pools/pool-shape.ts';
import type { Fields } from '../machine/json.ts';
import { unsupportedField } from '../machine/refusal.ts';
import { emptyIn, knownFieldsOf, list, nameIn, text, wrong } from './fields.ts';
import { foreignRangeKeys } from './foreign-keys.ts';

export type PoolRequest = AllocateRequest['pool'];

const rangeFields = ['subnet', 'rangeStart', 'rangeEnd', 'gateway'] as const;
const inlineFields = [...rangeFields, 'ranges', 'exclude'] as const;
const selectors = ['pool', 'pools', 'vrf'] as const;
/** `lessor` has the selectors once more: Cilium reads `pool` and `pools` of the ipam section as its own, and fails. */
export const poolFields = [...inlineFields, ...selectors, 'lessor'] as const;

const DEFAULT_VRF = 'default';
const RUNTIME = 'runtimeConfig.ipRanges';

/** The service is to choose the pool. */
export const anyPool = (network: string, vrf = DEFAULT_VRF): PoolRequest => ({ vrf, name: network, names: [] });

/**
 * @param section the ipam section as it is written, of which `ipam` are the fields
 * @param ofRuntime `runtimeConfig.ipRanges`
 * @throws LessorError `cni.configuration`, which names the fields.
 */
export function poolRequestOf(section: unknown, ipam: Fields, network: string, ofRuntime: unknown): PoolRequest {
  const { fields, where } = selectorsOf(ipam);
  const vrf = nameIn(fields.get('vrf'), `${where}.vrf`, 'VRF') ?? DEFAULT_VRF;
  const name = nameIn(fields.get('pool'), `${where}.pool`, 'pool');
  const names = namesOf(fields.get('pools'), `${where}.pools`);
  if (name !== undefined && names !== undefined)
    throw wrong(`${where}.pool and ${where}.pools are both given`, 'leave one of them out');
  const given = inlineFields.filter((key) => ipam.get(key) !== undefined);
  const runtime = setsOf(ofRuntime, RUNTIME);
  if (name === undefined && names === undefined) {
    if (given.length === 0 && runtime.length === 0) {
      ensureNoneEmpty(section, ipam);
      return anyPool(network, vrf);
    }
    return inlinePool(ipam, vrf, network, runtime);
  }
  if (runtime.length > 0)
    throw unsupportedField(
      RUNTIME,
      ofRuntime,
      'a pool that is named has its ranges already: leave it out, or ipam.pool and ipam.pools',
    );
  if (given.length > 0)
    throw wrong(
      `${where}.${name === undefined ? 'pools' : 'pool'} and ipam.${given.join(', ipam.')} are both given`,
      `a pool that is named has its ranges${given.includes('exclude') ? ' and exclusions' : ''} already: leave one of the two out`,
    );
  return name === undefined ? { ...anyPool(network, vrf), names: names ?? [] } : { vrf, name };
}

/** `pool`, `pools` and `vrf`, and where they are written. */
function selectorsOf(ipam: Fields): { readonly fields: Fields; readonly where: string } {
  if (ipam.get('lessor') === undefined) return { fields: ipam, where: 'ipam' };
  const fields = knownFieldsOf(ipam.get('lessor'), 'ipam.lessor', { names: selectors });
  const twice = selectors.filter((key) => ipam.get(key) !== undefined);
  if (twice.length === 0) return { fields, where: 'ipam.lessor' };
  throw wrong(`ipam.lessor and ipam.${twice.join(', ipam.')} are both given`, 'write them in one of the two places');
}

/** What is left empty by a template would ask for another pool than was meant. */
function ensureNoneEmpty(section: unknown, ipam: Fields): void {
  const [empty] = [
    ...emptyIn(section, [...inlineFields, 'pool', 'pools', 'lessor']).map((key) => `ipam.${key}`),
    ...emptyIn(ipam.get('lessor'), ['pool', 'pools']).map((key) => `ipam.lessor.${key}`),
  ];
  if (empty === undefined) return;
  throw wrong(`${empty} is empty`, 'give it a value, or leave it out so that the service chooses the pool');
}

function inlinePool(ipam: Fields, vrf: string, network: string, runtime: readonly WrittenSet[]): PoolRequest {
  const exclude = list(ipam.get('exclude'), 'ipam.exclude').map((one, index) => {
    const where = `ipam.exclude[${index}]`;
    const found = text(one, where);
    if (found === undefined) throw wrong(`${where} is empty`, 'write an address, a subnet or a span of addresses');
    return found;
  });
  if (exclude.length > most.exclusions)
    throw wrong(`ipam.exclude has ${exclude.length} entries`, `${most.exclusions} are the most that it may have`);
  const ranges = rangesOf(ipam, runtime, exclude);
  const name = runtime.length === 0 ? network : nameOf(network, runtime);
  return { vrf, name, ranges, ...(exclude.length === 0 ? {} : { exclude }) };
}

function namesOf(value: unknown, where: string): string[] | undefined {
  if (value === undefined) return undefined;
  const names = list(value, where).map((one, index) => {
    const name = nameIn(one, `${where}[${index}]`, 'pool');
    if (name === undefined) throw wrong(`${where}[${index}] is empty`, 'name a pool');
    return name;
  });
  if (names.length === 0)
    throw wrong(`${where} [] names no pool`, 'name one, or leave pools out so that the service chooses');
  if (names.length > most.names)
    throw wrong(`${where} names ${names.length} pools`, `${most.names} are the most that it may`);
  return names;
}

/** A range set and where it is written. */
interface WrittenSet {
  readonly where: string;
  readonly ranges: RangeText[];
}

const setsOf = (value: unknown, where: string): WrittenSet[] =>
  list(value, where).map((set, setIndex) => {
    const field = `${where}[${setIndex}]`;
    return { where: field, ranges: list(set, field).map((range, index) => rangeOf(range, `${field}[${index}]`)) };
  });

/** In host-local's order. */
function rangesOf(ipam: Fields, runtime: readonly WrittenSet[], exclude: readonly string[]): RangeText[][] {
  const single = ipam.get('subnet') === undefined ? [] : [{ where: 'ipam', ranges: [rangeFrom(ipam, 'ipam')] }];
  const sets = [...runtime, ...single, ...setsOf(ipam.get('ranges'), 'ipam.ranges')];
  if (sets.length === 0)
    throw wrong(
      ipam.get('ranges') === undefined ? 'ipam.subnet is missing' : 'ipam.ranges [] holds no range',
      'write "ranges": [[{"subnet": "10.1.0.0/16"}]] with the addresses of your network, or no range at all so that the service chooses a pool',
    );
  const ranges = sets.map((set) => set.ranges);
  const resolved = resolveInlinePool(ranges, exclude);
  if (!resolved.ok) throw new LessorError('cni.configuration', whereWritten(resolved.problem, sets));
  return ranges;
}

/** Problems count the sets of all fields together. */
const whereWritten = (problem: string, sets: readonly WrittenSet[]): string =>
  problem
    .replace(/\bexclude\[/, 'ipam.exclude[')
    .replace(/\branges\[(\d+)\](\[\d+\])?/g, (found, index: string, range = '') => {
      const where = sets[Number(index)]?.where;
      if (where === undefined) return found;
      return where === 'ipam' ? where : `${where}${range}`;
    });

/** Of each set the family: 4 or 6. */
export const familiesOf = (ranges: readonly (readonly RangeText[])[]): (4 | 6)[] =>
  ranges.map(([first]) => (first?.subnet.includes(':') ? 6 : 4));

/** Where two choices of ranges come to one name, the service tells them apart. */
function nameOf(network: string, runtime: readonly WrittenSet[]): string {
  const resolved = resolveRangeSets(runtime.map(({ ranges }) => ranges));
  if (!resolved.ok) throw new LessorError('cni.configuration', whereWritten(resolved.problem, runtime));
  const name = nameAfter(network, resolved.ranges);
  if (name.length > most.name)
    throw wrong(
      `name ${network} is too long beside ${RUNTIME}`,
      `the pool is called after both: shorten it to ${most.name - name.length + network.length} characters`,
    );
  return name;
}

/** Beside start and end nerdctl writes `ipRange`, of which it made them. */
const ofNerdctl = (key: string): boolean => key === 'ipRange';

function rangeOf(value: unknown, where: string): RangeText {
  const keys = { names: rangeFields, isOverlooked: ofNerdctl, foreign: foreignRangeKeys };
  const fields = knownFieldsOf(value, where, keys);
  const isPart = fields.get('rangeStart') !== undefined && fields.get('rangeEnd') !== undefined;
  if (!isPart && Object.keys(value as object).some(ofNerdctl))
    throw wrong(`${where}.ipRange is without rangeStart and rangeEnd`, 'write these two, and leave it out');
  return rangeFrom(fields, where);
}

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
