/**
 * What host-local wrote down: in the network's directory a file for each address, named by it, in which are the container's id and,
 * since its release 0.8, after CR LF the interface's name (containernetworking/plugins, backend/disk/backend.go).
 */
import type { Files } from '../machine/files.ts';
import { refusal } from '../machine/refusal.ts';
import {
  addressText,
  isContainerId,
  isInterface,
  type Oddity,
  type OtherAllocation,
  type WrittenDown,
} from './allocation.ts';

/** Files of its own that are no addresses. */
const ITS_OWN = /^(lock|last_reserved_ip\..*)$/;

/** @param directory `<dataDir>/<network>` @throws LessorError `request.invalid` where it has nothing of host-local's */
export function readHostLocal(files: Pick<Files, 'list' | 'read' | 'modifiedAt'>, directory: string): WrittenDown {
  const names = files.list(directory);
  const [allocations, oddities]: [OtherAllocation[], Oddity[]] = [[], []];
  for (const name of names) {
    const from = `${directory.replace(/\/+$/, '')}/${name}`;
    const address = addressText(name);
    if (address === undefined) {
      if (!ITS_OWN.test(name) && !name.startsWith('.'))
        oddities.push(odd(from, 'unreadable', 'its name is no address'));
      continue;
    }
    const writtenAt = files.modifiedAt(from);
    const text = files.read(from);
    // Released meanwhile.
    if (text === undefined) continue;
    const [containerId = '', ifname] = text.split(/\r?\n/).map((line) => line.trim());
    if (containerId === '')
      oddities.push(odd(from, 'void', 'it is empty, so host-local was killed in an ADD', address));
    else if (!isContainerId(containerId))
      oddities.push(odd(from, 'unreadable', `${JSON.stringify(containerId.slice(0, 80))} is no container id`, address));
    else
      allocations.push({
        ...{ address, containerId, from, writtenAt },
        ifname: ifname !== undefined && isInterface(ifname) ? ifname : undefined,
        ...{ pod: undefined, node: undefined, borrowedFrom: undefined },
      });
  }
  if (allocations.length > 0 || oddities.length > 0 || names.some((name) => ITS_OWN.test(name)))
    return { allocations, oddities };
  throw refusal(
    'request.invalid',
    `${directory} has no file of host-local`,
    'name the directory of one network, as /var/lib/cni/networks/<network>',
  );
}

const odd = (from: string, kind: Oddity['kind'], why: string, address?: string): Oddity => ({
  ...{ from, kind, why },
  address,
});
