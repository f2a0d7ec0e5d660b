/** What a process sees of a network namespace. */
import { directoryOf, type Files } from '../machine/files.ts';
import type { SandboxView } from './journal-entry.ts';

/** Undefined where there is no such file. */
export function viewOf(files: Files, netns: string): SandboxView | undefined {
  const namespace = files.identity(netns);
  const directory = files.identity(directoryOf(netns));
  return namespace === undefined || directory === undefined ? undefined : { directory, namespace };
}
