/**
 * Addresses that a runtime asks for, in the three ways that host-local knows: what they name is added together, and one that
 * is named twice is asked for once.
 */
import { fieldsOf, list, wrong } from './configuration-fields.ts';
import type { Fields } from './fields.ts';
import { ADDRESS_REMEDY, requestedAddress } from './invocation.ts';
import { unsupportedField } from './refusal.ts';

/** `args.cni.ips` before `runtimeConfig.ips`. @throws LessorError `cni.configuration`, which names the field. */
export function requestedIn(top: Fields): string[] {
  const inside = (holder: Fields, key: string, where: string, names: readonly string[]): Fields =>
    holder.get(key) === undefined ? new Map() : fieldsOf(holder.get(key), where, names);
  const runtime = inside(top, 'runtimeConfig', 'runtimeConfig', ['ips', 'ipRanges']);
  const cni = inside(inside(top, 'args', 'args', ['cni']), 'cni', 'args.cni', ['ips']);
  refuseRanges(runtime.get('ipRanges'));
  return [...addressesIn(cni.get('ips'), 'args.cni.ips'), ...addressesIn(runtime.get('ips'), 'runtimeConfig.ips')];
}

function addressesIn(value: unknown, where: string): string[] {
  return list(value, where).map((one, index) => {
    const address = typeof one === 'string' ? requestedAddress(one) : undefined;
    if (address !== undefined) return address;
    throw wrong(`${where}[${index}] ${JSON.stringify(one)} is no IP address`, ADDRESS_REMEDY);
  });
}

/** A pool has the same ranges for every pod. */
function refuseRanges(value: unknown): void {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return;
  throw unsupportedField('runtimeConfig.ipRanges', value, 'leave it out, and write the ranges into ipam');
}
