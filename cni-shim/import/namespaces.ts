/**
 * Which addresses live on this machine, as the kernel has them: those of each network namespace but the host's, in which a process is
 * that may be looked at. That an address is in none proves nothing: a sandbox may have no process of its own, and some take their
 * address out of the namespace.
 */
import { formatAddress } from '../../core/addresses/address.ts';
import { type Files, isFileError } from '../machine/files.ts';
import { addressText } from './allocation.ts';

type Looking = Pick<Files, 'identity' | 'list' | 'read'>;

/** Where runtimes put the namespaces that they hand to plugins. */
const DIRECTORIES = ['/var/run/netns', '/run/netns'];

export interface LivingAddresses {
  has(address: string): boolean;
  /**
   * The file of the namespace in which it lives, where a process in there is of the container: by its end the lease will be freed,
   * and the same address may live in a network beside.
   * @param names of the container or its pod, one of which the process's control group has in its path
   */
  netnsOf(address: string, names: readonly string[]): string | undefined;
}

interface Namespace {
  readonly addresses: ReadonlySet<string>;
  /** Paths of its processes' control groups: kubelet and the runtimes write the ids of pods and containers into them. */
  readonly groups: string[];
}

export function livingAddresses(files: Looking): LivingAddresses {
  const paths = pathsOfNamespaces(files);
  const namespaces = new Map<string, Namespace>();
  const own = files.identity('/proc/1/ns/net') ?? files.identity('/proc/self/ns/net');
  for (const process of files.list('/proc').filter((name) => /^\d+$/.test(name))) {
    const namespace = files.identity(`/proc/${process}/ns/net`);
    if (namespace === undefined || namespace === own) continue;
    const found = namespaces.get(namespace) ?? { addresses: new Set(addressesOf(files, process)), groups: [] };
    found.groups.push(textOf(files, `/proc/${process}/cgroup`) ?? '');
    namespaces.set(namespace, found);
  }
  const all = [...namespaces];
  return {
    has: (address) => all.some(([, { addresses }]) => addresses.has(address)),
    netnsOf: (address, names) => {
      const isIts = ({ addresses, groups }: Namespace) =>
        addresses.has(address) && groups.some((group) => names.some((name) => group.includes(name)));
      const [found, other] = all.filter(([, one]) => isIts(one));
      return found === undefined || other !== undefined ? undefined : paths.get(found[0]);
    },
  };
}

function pathsOfNamespaces(files: Looking): Map<string, string> {
  const all = DIRECTORIES.flatMap((directory) => files.list(directory).map((name) => `${directory}/${name}`));
  const found = all.flatMap((path) => {
    const namespace = files.identity(path);
    return namespace === undefined ? [] : [[namespace, path] as const];
  });
  // The first directory is what runtimes write.
  return new Map(found.reverse());
}

function addressesOf(files: Looking, process: string): string[] {
  const lines = (name: string) => (textOf(files, `/proc/${process}/net/${name}`) ?? '').split('\n');
  const local: string[] = [];
  let before = '';
  // proc(5) leaves it to the kernel's source: a leaf is the address, and below it what kind of route leads there.
  for (const line of lines('fib_trie')) {
    const [, leaf] = /\|-- (\S+)/.exec(line) ?? [];
    if (leaf !== undefined) before = leaf;
    else if (/^\s*\/32 host LOCAL/.test(line)) local.push(before);
  }
  const sixes = lines('if_inet6').flatMap((line) => {
    const [digits = ''] = line.split(' ');
    return /^[0-9a-f]{32}$/.test(digits) ? [formatAddress({ family: 6, value: BigInt(`0x${digits}`) })] : [];
  });
  return [...local.flatMap((text) => addressText(text) ?? []), ...sixes].filter((address) => !isOfEveryHost(address));
}

const isOfEveryHost = (address: string): boolean => address === '::1' || /^(127\.|fe[89ab])/.test(address);

/** The process may be gone by now, or somebody else's. */
function textOf(files: Pick<Files, 'read'>, path: string): string | undefined {
  try {
    return files.read(path);
  } catch (error) {
    if (isFileError(error)) return undefined;
    throw error;
  }
}
