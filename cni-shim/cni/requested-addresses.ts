/**
 * Addresses that a runtime asks for, in the three ways that host-local knows: what they name is added together, and one that
 * is named twice is asked for once.
 */

import { type Fields, show } from '../machine/json.ts';
import { ANNOTATIONS, type AskedByPod, askedByPod } from './annotations.ts';
import { ADDRESS_REMEDY, requestedAddress } from './environment.ts';
import { fieldsOf, list, wrong } from './fields.ts';

/** `args.cni.ips` before `runtimeConfig.ips`. @throws LessorError `cni.configuration`, which names the field. */
export function requestedIn(top: Fields): string[] {
  const cni = inside(argsIn(top), 'cni', 'args.cni', ['ips']);
  return [
    ...addressesIn(cni.get('ips'), 'args.cni.ips'),
    ...addressesIn(runtimeConfigIn(top).get('ips'), 'runtimeConfig.ips'),
  ];
}

const argsIn = (top: Fields): Fields => inside(top, 'args', 'args', ['cni']);

/** @throws LessorError `cni.configuration`, which names the annotation */
export const askedIn = (top: Fields, network: string): AskedByPod =>
  askedByPod(runtimeConfigIn(top).get(ANNOTATIONS), argsIn(top).get('cni'), network);

/** What the runtime adds to the configuration, of it what host-local knows, and the pod's annotations. */
export const runtimeConfigIn = (top: Fields): Fields =>
  inside(top, 'runtimeConfig', 'runtimeConfig', ['ips', 'ipRanges', ANNOTATIONS]);

const inside = (holder: Fields, key: string, where: string, names: readonly string[]): Fields =>
  holder.get(key) === undefined ? new Map() : fieldsOf(holder.get(key), where, names);

function addressesIn(value: unknown, where: string): string[] {
  return list(value, where).map((one, index) => {
    const address = typeof one === 'string' ? requestedAddress(one) : undefined;
    if (address !== undefined) return address;
    throw wrong(`${where}[${index}] ${show(one)} is no IP address`, ADDRESS_REMEDY);
  });
}
