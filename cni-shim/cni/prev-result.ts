/** `prevResult`: what an ADD of the same attachment printed, or the plugins that came after it in the chain. */
import { formatAddress, parsePrefix } from '../../core/addresses/address.ts';
import { show } from '../machine/json.ts';
import { fieldsOf, list, text, wrong } from './fields.ts';
import { type CniVersion, isSince, parseVersion } from './version.ts';

const FIELD = 'prevResult';

/**
 * The addresses of a CHECK's `prevResult`, without prefix lengths, each once. Other plugins of the chain may have added some
 * that are not of this one.
 * @throws LessorError `cni.configuration`, which names the field.
 */
export function previousAddresses(input: Record<string, unknown>, cniVersion: CniVersion): string[] {
  const result = fieldsOf(input, 'the configuration', [FIELD]).get(FIELD);
  if (result === undefined)
    throw wrong(`${FIELD} is missing`, 'a CHECK is given what the ADD of this attachment printed');
  return [...new Set(resultAddresses(result, FIELD, cniVersion).map(addressOf))];
}

/** With their prefix lengths, in the shape of the result's own version or, where it has none, of `cniVersion`. */
export function resultAddresses(result: unknown, where: string, cniVersion: CniVersion): string[] {
  const fields = fieldsOf(result, where, ['cniVersion', 'ips', 'ip4', 'ip6']);
  const version = fields.has('cniVersion') ? parseVersion('ADD', { cniVersion: fields.get('cniVersion') }) : cniVersion;
  if (isSince('0.3.0', version))
    return list(fields.get('ips'), `${where}.ips`).map((ip, index) =>
      prefixOf(ip, 'address', `${where}.ips[${index}]`),
    );
  return (['ip4', 'ip6'] as const).flatMap((family) => {
    const ip = fields.get(family);
    return ip === undefined ? [] : [prefixOf(ip, 'ip', `${where}.${family}`)];
  });
}

function prefixOf(ip: unknown, key: string, where: string): string {
  const value = text(fieldsOf(ip, where, [key]).get(key), `${where}.${key}`);
  const prefix = value === undefined ? undefined : parsePrefix(value);
  if (prefix !== undefined) return `${formatAddress(prefix.address)}/${prefix.length}`;
  throw wrong(`${where}.${key} ${show(value ?? null)} is no address with a prefix length`, 'write it like 10.1.0.5/16');
}

const addressOf = (prefix: string): string => prefix.slice(0, prefix.indexOf('/'));
