/** Containers that ended without a DEL: their network namespaces are gone, as far as this process can prove it. */
import { directoryOf, type Files, isFileError } from '../machine/files.ts';
import type { JournalEntry } from '../node/journal-entry.ts';
import type { NodeRecords } from '../node/node-records.ts';
import type { DataDirectories } from './data-directories.ts';

/** `unknown` frees nothing: silence is no evidence. */
export type Sandbox = 'alive' | 'gone' | 'unknown';

/**
 * Gone is a sandbox of an earlier boot; and one whose file is not there any more, in the same directory in which the plugin
 * saw it (an agent in a container without that mount sees another one), and whose namespace no visible process is in.
 */
export function sandboxOf(
  files: Pick<Files, 'identity' | 'list'>,
  { bootId, netns, sandbox, release }: JournalEntry,
  here: { readonly bootId: string; isAlive(namespace: string): boolean },
): Sandbox {
  // It may have been there for the ADD alone.
  if (release === 'del') return 'unknown';
  if (bootId !== here.bootId) return 'gone';
  if (netns === undefined || sandbox === undefined) return 'unknown';
  const [directory, name] = [directoryOf(netns), netns.slice(netns.lastIndexOf('/') + 1)];
  if (files.identity(netns) === sandbox.namespace) return 'alive';
  if (files.identity(directory) !== sandbox.directory || isListed(files, directory, name)) return 'unknown';
  return here.isAlive(sandbox.namespace) ? 'alive' : 'gone';
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

/**
 * Of each namespace the containers whose own files lead to it. The kernel gives the number of a namespace that is gone to the
 * next one: where it is another container's now, the number is no sign of life.
 */
function ownersOf(files: Pick<Files, 'identity'>, entries: readonly JournalEntry[], bootId: string) {
  const owners = new Map<string, Set<string>>();
  for (const { bootId: boot, netns, sandbox, attachment } of entries) {
    if (boot !== bootId || netns === undefined || sandbox === undefined) continue;
    if (files.identity(netns) !== sandbox.namespace) continue;
    owners.set(sandbox.namespace, (owners.get(sandbox.namespace) ?? new Set()).add(attachment.containerId));
  }
  return owners;
}

/** Whether the namespace belongs to other containers only. */
const isOthers = (owners: ReadonlySet<string> | undefined, { attachment }: JournalEntry): boolean =>
  owners !== undefined && !owners.has(attachment.containerId);

export interface DeadSandbox {
  readonly entry: JournalEntry;
  readonly why: 'reboot' | 'namespace';
}

/** Since when (ms) each entry's container was seen to be gone, by nonce. */
export type Gone = ReadonlyMap<string, number>;

/**
 * Entries whose containers are gone: at once where the machine has booted since, else after they were seen so for `graceMs`.
 * @param before what an earlier look at the same network saw; `gone` is for the next one
 */
export function findDeadSandboxes(
  { surroundings: { files, now }, bootId }: Omit<DataDirectories, 'dataDirs'>,
  records: NodeRecords,
  before: Gone,
  graceMs: number,
): { readonly dead: DeadSandbox[]; readonly gone: Gone } {
  let known: ReadonlySet<string> | undefined;
  const namespaces = () => {
    known ??= livingNamespaces(files);
    return known;
  };
  const gone = new Map<string, number>();
  const entries = records.journal.entries();
  const owners = ownersOf(files, entries, bootId);
  const dead = entries.flatMap((entry): DeadSandbox[] => {
    const isAlive = (namespace: string) => namespaces().has(namespace) && !isOthers(owners.get(namespace), entry);
    if (sandboxOf(files, entry, { bootId, isAlive }) !== 'gone') return [];
    if (entry.bootId !== bootId) return [{ entry, why: 'reboot' }];
    // A clock that was set back must not have it wait until it has caught up.
    const since = Math.min(before.get(entry.nonce) ?? now(), now());
    gone.set(entry.nonce, since);
    return now() - since >= graceMs ? [{ entry, why: 'namespace' }] : [];
  });
  return { dead, gone };
}

/** Takes their entries out of the journal, to be released with what else is to be; those that this one took. */
export const retireDead = ({ outbox }: NodeRecords, dead: readonly DeadSandbox[]): DeadSandbox[] =>
  dead.filter(({ entry }) => outbox.retireUnlessAdded(entry));
