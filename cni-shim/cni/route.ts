/** Routes of the configuration, which the result carries to the network plugin. */
import { formatAddress, parseAddress, parsePrefix } from '../../core/addresses/address.ts';
import { type Fields, show } from '../machine/json.ts';
import { knownFieldsOf, text, wrong } from './fields.ts';

/** `dst` and `gw` in every version; the rest since CNI specification 1.1.0. */
export interface Route {
  readonly dst: string;
  readonly gw?: string;
  /** Bytes; 0 is none, so it is left out (libcni, pkg/types/types.go). */
  readonly mtu?: number;
  readonly advmss?: number;
  readonly priority?: number;
  /** 0 is one as well. */
  readonly table?: number;
  readonly scope?: number;
}

/** Where 0 says nothing. */
const SIZES = ['mtu', 'advmss', 'priority'] as const;
const NUMBERS = ['table', 'scope'] as const;
/** rtnetlink(7): attributes have 32 bits, a scope has 8. */
const most = (name: (typeof SIZES | typeof NUMBERS)[number]): number => (name === 'scope' ? 0xff : 0xffff_ffff);

/** Host bits stay as they are written, and are printed so: host-local does the same. */
export function routeOf(value: unknown, index: number): Route {
  const where = `ipam.routes[${index}]`;
  const fields = knownFieldsOf(value, where, { names: ['dst', 'gw', ...SIZES, ...NUMBERS] });
  const dst = text(fields.get('dst'), `${where}.dst`);
  const prefix = dst === undefined ? undefined : parsePrefix(dst);
  if (prefix === undefined)
    throw wrong(`${where}.dst ${show(dst ?? null)} is no prefix`, 'write it like 0.0.0.0/0 or 2001:db8::/32');
  const gw = text(fields.get('gw'), `${where}.gw`);
  const gateway = gw === undefined ? undefined : parseAddress(gw);
  if (gw !== undefined && gateway === undefined)
    throw wrong(`${where}.gw ${show(gw)} is no IP address`, 'write it like 10.1.0.1 or fd00::1, or leave it out');
  return {
    dst: `${formatAddress(prefix.address)}/${prefix.length}`,
    ...(gateway === undefined ? {} : { gw: formatAddress(gateway) }),
    ...numbersIn(fields, where),
  };
}

function numbersIn(fields: Fields, where: string): Pick<Route, (typeof SIZES | typeof NUMBERS)[number]> {
  const found: [string, number][] = [];
  for (const name of [...SIZES, ...NUMBERS]) {
    const value = fields.get(name);
    if (value === undefined) continue;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > most(name))
      throw wrong(
        `${where}.${name} ${show(value)} is no whole number from 0 to ${most(name)}`,
        'correct it, or leave it out',
      );
    if (value !== 0 || name === 'table' || name === 'scope') found.push([name, value]);
  }
  return Object.fromEntries(found);
}
