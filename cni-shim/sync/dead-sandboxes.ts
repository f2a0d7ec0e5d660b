/** Whether a container's network namespace is gone, as far as this process can prove it. */
import type { Files } from '../machine/files.ts';
import { isFileError } from '../machine/files.ts';
import type { JournalEntry } from '../node/journal-entry.ts';

/** `unknown` frees nothing: silence is no evidence. */
export type Sandbox = 'alive' | 'gone' | 'unknown';

/**
 * Gone is a sandbox of an earlier boot; and one whose file is not there any more, in the same directory in which the plugin
 * saw it (an agent in a container without that mount sees another one), and whose namespace no visible process is in.
 */
export function sandboxOf(
  files: Pick<Files, 'identity' | 'list'>,
  { bootId, netns, sandbox }: JournalEntry,
  here: { readonly bootId: string; namespaces(): ReadonlySet<string> },
): Sandbox {
  if (bootId !== here.bootId) return 'gone';
  if (netns === undefined || sandbox === undefined) return 'unknown';
  const [directory, name] = [netns.slice(0, netns.lastIndexOf('/')) || '/', netns.slice(netns.lastIndexOf('/') + 1)];
  if (files.identity(netns) === sandbox.namespace) return 'alive';
  if (files.identity(directory) !== sandbox.directory || isListed(files, directory, name)) return 'unknown';
  return here.namespaces().has(sandbox.namespace) ? 'alive' : 'gone';
}

function isListed(files: Pick<Files, 'list'>, directory: string, name: string): boolean {
  try {
    return files.list(directory).includes(name);
  } catch (error) {
    // What may not be read is not known to be gone.
    if (isFileError(error)) return true;
    throw error;
  }
}

/** `device:inode` of the network namespaces in which processes are that this one may look at. */
export function livingNamespaces(files: Pick<Files, 'identity' | 'list'>): ReadonlySet<string> {
  const processes = files.list('/proc').filter((name) => /^\d+$/.test(name));
  return new Set(processes.flatMap((process) => files.identity(`/proc/${process}/ns/net`) ?? []));
}
