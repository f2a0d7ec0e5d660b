/**
 * Whether the API was reached lately, in `<dataDir>/unreachable.json` as long as it is not: so not every call of an outage
 * waits for an answer that does not come. Only who can do without the API asks.
 */
import type { LessorError } from '../../core/contract/problems.ts';
import { type Files, replaceFile } from '../machine/files.ts';
import { isObject, parseJson } from '../machine/json.ts';

export interface Outage {
  /** Milliseconds since 1970: of the first failure, and of the last one. */
  readonly since: number;
  readonly at: number;
  readonly why: string;
}

export interface Reachability {
  outage(): Outage | undefined;
  /** Whether it failed so lately that trying again would be in vain. */
  isAway(): boolean;
  failed(error: LessorError): void;
  reached(): void;
}

const TRIED_AGAIN_AFTER_MS = 10_000;

export function openReachability({ files, now }: { files: Files; now: () => number }, dataDir: string): Reachability {
  const path = `${dataDir}/unreachable.json`;
  function outage(): Outage | undefined {
    const read = parseJson(files.read(path) ?? '');
    if (!isObject(read) || typeof read.since !== 'number' || typeof read.at !== 'number') return undefined;
    return { since: read.since, at: read.at, why: String(read.why) };
  }
  return {
    outage,
    isAway() {
      const known = outage();
      return known !== undefined && known.at <= now() && now() - known.at < TRIED_AGAIN_AFTER_MS;
    },
    failed({ message }) {
      const at = now();
      const text = JSON.stringify({ since: outage()?.since ?? at, at, why: message } satisfies Outage);
      replaceFile(files, path, text, `${dataDir}/drafts`);
    },
    reached() {
      if (outage() !== undefined) files.remove(path);
    },
  };
}
