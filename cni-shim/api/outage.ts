/**
 * An outage of the API as this node sees it, in a file of the data directory as long as it lasts: so not every call waits for
 * an answer that does not come. Only who can do without the API asks.
 */
import type { LessorError } from '../../core/contract/problems.ts';
import { type Files, replaceFile } from '../machine/files.ts';
import { isObject, parseJson } from '../machine/json.ts';
import { inDataDir } from '../machine/layout.ts';

export interface OutageRecord {
  /** Milliseconds since 1970: of the first failure, and of the last one. */
  readonly since: number;
  readonly at: number;
  readonly why: string;
}

export interface Outage {
  /** Undefined where none is known. */
  current(): OutageRecord | undefined;
  /** Whether it failed so lately that trying again would be in vain. */
  isRecent(): boolean;
  failed(error: LessorError): void;
  reached(): void;
}

const TRIED_AGAIN_AFTER_MS = 10_000;

export function openOutage({ files, now }: { files: Files; now: () => number }, dataDir: string): Outage {
  const { outage: path, drafts } = inDataDir(dataDir);
  function current(): OutageRecord | undefined {
    const read = parseJson(files.read(path) ?? '');
    if (!isObject(read) || typeof read.since !== 'number' || typeof read.at !== 'number') return undefined;
    return { since: read.since, at: read.at, why: String(read.why) };
  }
  return {
    current,
    isRecent() {
      const known = current();
      return known !== undefined && known.at <= now() && now() - known.at < TRIED_AGAIN_AFTER_MS;
    },
    failed({ message }) {
      const at = now();
      const text = JSON.stringify({ since: current()?.since ?? at, at, why: message } satisfies OutageRecord);
      replaceFile(files, path, text, drafts);
    },
    reached() {
      if (current() !== undefined) files.remove(path);
    },
  };
}
