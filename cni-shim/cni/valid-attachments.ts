/** What a GC is told: the attachments of this network on this node that still live (CNI specification, section 4, GC). */

import { isInterfaceName, isName } from '../../core/contract/limits.ts';
import { show } from '../machine/json.ts';
import { fieldsOf, list, text, wrong } from './fields.ts';

export interface ValidAttachment {
  readonly containerId: string;
  readonly ifname: string;
}

/** The specification's key, and the one that its examples had first: libcni sends both (containernetworking/cni#1101). */
const KEYS = ['cni.dev/valid-attachments', 'cni.dev/attachments'] as const;

/**
 * Undefined where nothing is said: then nothing may be freed. An empty list says that no attachment lives. Where both keys
 * are given, what either names lives.
 * @throws LessorError `cni.configuration`, which names the field.
 */
export function validAttachments(input: Record<string, unknown>): readonly ValidAttachment[] | undefined {
  const fields = fieldsOf(input, 'the configuration', KEYS);
  const given = KEYS.filter((key) => fields.has(key));
  if (given.length === 0) return undefined;
  const named = given.flatMap((key) =>
    list(fields.get(key), key).map((one, index) => attachmentOf(one, `${key}[${index}]`)),
  );
  return [...new Map(named.map((one) => [`${one.containerId}@${one.ifname}`, one])).values()];
}

function attachmentOf(value: unknown, where: string): ValidAttachment {
  const fields = fieldsOf(value, where, ['containerID', 'ifname']);
  const read = (key: 'containerID' | 'ifname', isOne: (text: string) => boolean, what: string): string => {
    const found = text(fields.get(key), `${where}.${key}`);
    if (found !== undefined && isOne(found)) return found;
    throw wrong(
      `${where}.${key} ${show(found ?? null)} is no ${what}`,
      'nothing is freed where one of the attachments cannot be read: correct it',
    );
  };
  return {
    containerId: read('containerID', isName, 'container id'),
    ifname: read('ifname', isInterfaceName, 'interface name'),
  };
}
