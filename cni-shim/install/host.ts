/** A host on which something is installed; its root may be mounted somewhere else. */
import { join } from 'node:path';
import { BIN_DIRS } from '../machine/layout.ts';
import { refusal } from '../machine/refusal.ts';
import { isDirectory } from './put-file.ts';

export interface Host {
  /** `/`, or where the host's root is mounted. */
  readonly root: string;
  /** A path of the host, as this process sees it. */
  mounted(path: string): string;
}

/** @throws LessorError `request.invalid`, `node.configuration` */
export function hostAt(root: string): Host {
  absolute('root', root);
  const host = { root, mounted: (path: string) => join(root, path) };
  if (!isDirectory(root)) throw missing(root, 'name the directory where the root of the host is mounted with --root');
  return host;
}

/** A path that needs no quoting wherever it is written. @throws LessorError `request.invalid` */
export function absolute(option: string, path: string): string {
  if (/^\/[^\s%"'\\]*$/.test(path)) return path;
  const remedy = 'begin it with a slash, without white space, quotes, backslashes and %';
  throw refusal('request.invalid', `--${option} ${JSON.stringify(path)} is no absolute path`, remedy);
}

/** @throws LessorError `request.invalid`, `node.configuration` where there is none */
export function binDirOn(host: Host, given: string | undefined): string {
  if (given !== undefined) return directoryOn(host, 'bin-dir', given);
  const found = BIN_DIRS.find((one) => isDirectory(host.mounted(one)));
  if (found !== undefined) return found;
  throw missing(
    BIN_DIRS.join(' or '),
    'create the directory in which the runtime looks for CNI plugins, or name it with --bin-dir',
  );
}

/** @throws LessorError `request.invalid`, `node.configuration` where there is none */
export function directoryOn(host: Host, option: string, path: string): string {
  absolute(option, path);
  if (isDirectory(host.mounted(path))) return path;
  throw missing(host.mounted(path), `create it, or name another directory with --${option}`);
}

const missing = (path: string, remedy: string) =>
  refusal('node.configuration', `there is no directory ${path}`, remedy);
