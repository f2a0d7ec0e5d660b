/** What an installation put on the host, beside the node configuration, for the next one and for the end. */
import { dirname, join } from 'node:path';
import { isObject, parseJson } from '../machine/json.ts';
import { INSTALLATION_RECORD } from '../machine/layout.ts';
import type { Host } from './host.ts';
import { readIfThere } from './put-file.ts';

/** Paths of the host. */
export interface Installed {
  readonly executable?: string;
  readonly conflist?: string;
  readonly unit?: string;
}

export const recordBeside = (config: string): string => join(dirname(config), INSTALLATION_RECORD);

/** Nothing where nothing is recorded. @throws LessorError `node.storage` */
export function readRecord(host: Host, config: string): Installed {
  const read = parseJson(readIfThere(host.mounted(recordBeside(config))) ?? '');
  if (!isObject(read)) return {};
  return Object.fromEntries(
    (['executable', 'conflist', 'unit'] as const).flatMap((name) => {
      const path = read[name];
      return typeof path === 'string' && path.startsWith('/') ? [[name, path]] : [];
    }),
  );
}
