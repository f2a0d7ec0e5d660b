/** Which pool a network configuration means: one of its own ranges, those that it names, or one that the service chooses. */
import type { AllocateRequest, RangeText } from '../core/contract/messages.ts';
import { LessorError } from '../core/contract/problems.ts';
import { resolvePoolRanges } from '../core/pool-space.ts';
import { fieldsOf, list, nameIn, text, wrong } from './configuration-fields.ts';
import type { Fields } from './fields.ts';

export type PoolWish = AllocateRequest['pool'];

const rangeFields = ['subnet', 'rangeStart', 'rangeEnd', 'gateway'] as const;
export const wishFields = [...rangeFields, 'ranges', 'pool', 'pools', 'vrf'] as const;

const MOST_POOLS = 64;
const DEFAULT_VRF = 'default';

/** @throws LessorError `cni.configuration`, which names the fields. */
export function poolWishOf(ipam: Fields, network: string): PoolWish {
  const vrf = nameIn(ipam.get('vrf'), 'ipam.vrf', 'VRF') ?? DEFAULT_VRF;
  const name = nameIn(ipam.get('pool'), 'ipam.pool', 'pool');
  const names = namesOf(ipam.get('pools'));
  if (name !== undefined && names !== undefined)
    throw wrong('ipam.pool and ipam.pools are both given', 'leave one of them out');
  const given = [...rangeFields, 'ranges'].filter((key) => ipam.get(key) !== undefined);
  if (name === undefined && names === undefined)
    return given.length > 0 ? { vrf, name: network, ranges: rangesOf(ipam) } : { vrf, name: network, names: [] };
  if (given.length > 0)
    throw wrong(
      `ipam.${name === undefined ? 'pools' : 'pool'} and ipam.${given.join(', ipam.')} are both given`,
      'a pool that is named has its ranges already: leave one of the two out',
    );
  return name === undefined ? { vrf, name: network, names: names ?? [] } : { vrf, name };
}

function namesOf(value: unknown): string[] | undefined {
  if (value === undefined) return undefined;
  const names = list(value, 'ipam.pools').map((one, index) => {
    const name = nameIn(one, `ipam.pools[${index}]`, 'pool');
    if (name === undefined) throw wrong(`ipam.pools[${index}] is empty`, 'name a pool');
    return name;
  });
  if (names.length === 0)
    throw wrong('ipam.pools [] names no pool', 'name one, or leave pools out so that the service chooses');
  if (names.length > MOST_POOLS)
    throw wrong(`ipam.pools names ${names.length} pools`, `${MOST_POOLS} are the most that it may`);
  return names;
}

function rangesOf(ipam: Fields): RangeText[][] {
  const sets = list(ipam.get('ranges'), 'ipam.ranges').map((set, setIndex) =>
    list(set, `ipam.ranges[${setIndex}]`).map((range, index) => rangeOf(range, `ipam.ranges[${setIndex}][${index}]`)),
  );
  const single = ipam.get('subnet') === undefined ? [] : [[rangeFrom(ipam, 'ipam')]];
  const ranges = [...single, ...sets];
  if (ranges.length === 0)
    throw wrong(
      ipam.get('ranges') === undefined ? 'ipam.subnet is missing' : 'ipam.ranges [] holds no range',
      'write "ranges": [[{"subnet": "10.1.0.0/16"}]] with the addresses of your network, or no range at all so that the service chooses a pool',
    );
  const resolved = resolvePoolRanges(ranges);
  if (!resolved.ok) {
    const counted = single.length === 0 ? '' : ' (ranges[0] is the one written directly in ipam)';
    throw new LessorError('cni.configuration', `ipam.${resolved.problem}${counted}`);
  }
  return ranges;
}

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
