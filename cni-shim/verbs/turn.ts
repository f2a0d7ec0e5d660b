/**
 * What only a few ADDs of a node do at a time, whichever processes they are. The journal has who is at it; there is no queue, and
 * whoever waits looks again.
 */
import { isObject, parseJson } from '../machine/json.ts';
import type { NodeRecords } from '../node/node-records.ts';

export interface Turn {
  /** False while as many others are at it as may be. */
  take(nonce: string): boolean;
  end(nonce: string): void;
}

interface Holder {
  readonly nonce: unknown;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** As long as one attempt: whoever has it for longer was killed, or nobody answers. */
const LASTS_MS = 4_000;

/**
 * The turn to search. Of the ADDs of a network that know no slot to ask for, one asks at a time. Its answer tells the others of a
 * block, so that each of them asks for a slot of its own: the service then writes once for each, and searches for none.
 * @param among names the ADDs of which one asks at a time: of one network, for one choice of the pool
 */
export const toSearch = (among: string) => ({ row: `turn ${among}`, most: 1 });

/**
 * The turn to ask at all. A service that is asked for more than it can answer in time is asked again for the same, and then
 * answers nobody in time.
 */
export const TO_ASK = { row: 'asking', most: 32 };

/** The turn to tell the service what is in the outbox, where no agent does: several would tell the same. */
export const TO_FLUSH = { row: 'flushing', most: 1 };

export function openTurn(
  { meta, changeMeta }: Pick<NodeRecords, 'meta' | 'changeMeta'>,
  { row, most }: { readonly row: string; readonly most: number },
  now: () => number,
): Turn {
  const others = (text: string | undefined, nonce: string): Holder[] => {
    const at = now();
    return holdersIn(text).filter((one) => one.nonce !== nonce && one.at <= at && at - one.at < LASTS_MS);
  };
  return {
    take(nonce) {
      // Many look, and who only looks takes no lock.
      if (others(meta(row), nonce).length >= most) return false;
      return changeMeta(row, (text) => {
        const holders = others(text, nonce);
        return holders.length >= most ? text : JSON.stringify([...holders, { nonce, at: now() }]);
      });
    },
    end(nonce) {
      changeMeta(row, (text) => {
        const holders = others(text, nonce);
        return holders.length === 0 ? undefined : JSON.stringify(holders);
      });
    },
  };
}

function holdersIn(text: string | undefined): Holder[] {
  const read = parseJson(text ?? '');
  return Array.isArray(read) ? read.filter((one) => isObject(one) && typeof one.at === 'number') : [];
}
