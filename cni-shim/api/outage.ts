/**
 * An outage of the API as this node sees it, in the journal as long as it lasts: so not every call waits for
 * an answer that does not come. Only who can do without the API asks.
 */
import type { LessorError } from '../../core/contract/problems.ts';
import { isObject, parseJson } from '../machine/json.ts';
import type { NodeRecords } from '../node/node-records.ts';

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

const ROW = 'outage';

export function openOutage({ meta, setMeta }: Pick<NodeRecords, 'meta' | 'setMeta'>, now: () => number): Outage {
  function current(): OutageRecord | undefined {
    const read = parseJson(meta(ROW) ?? '');
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
      setMeta(ROW, JSON.stringify({ since: current()?.since ?? at, at, why: message } satisfies OutageRecord));
    },
    reached() {
      if (current() !== undefined) setMeta(ROW, undefined);
    },
  };
}
