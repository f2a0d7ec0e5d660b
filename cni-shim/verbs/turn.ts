/**
 * Of the ADDs of a network that know no slot to ask for, one asks at a time. Its answer tells the others of a block, so that each
 * of them asks for a slot of its own: the service then writes once for each, and searches for none.
 */
import { isObject, parseJson } from '../machine/json.ts';
import type { NodeRecords } from '../node/node-records.ts';

export interface Turn {
  /** False while another one asks. */
  take(nonce: string): boolean;
  end(nonce: string): void;
}

/** Whoever has it for longer was killed, or nobody answers. */
const LASTS_MS = 4_000;

/** @param among names the ADDs of which one asks at a time: of one network, for one choice of the pool */
export function openTurn(
  { meta, setMeta, changeMeta }: Pick<NodeRecords, 'meta' | 'setMeta' | 'changeMeta'>,
  among: string,
  now: () => number,
): Turn {
  const row = `turn ${among}`;
  const holderIn = (text: string | undefined) => {
    const read = parseJson(text ?? '');
    return isObject(read) && typeof read.at === 'number' ? { nonce: read.nonce, at: read.at } : undefined;
  };
  return {
    take: (nonce) =>
      changeMeta(row, (text) => {
        const [holder, at] = [holderIn(text), now()];
        const isFree = holder === undefined || at - holder.at >= LASTS_MS || holder.at > at;
        return isFree || text === undefined ? JSON.stringify({ nonce, at }) : text;
      }),
    end(nonce) {
      if (holderIn(meta(row))?.nonce === nonce) setMeta(row, undefined);
    },
  };
}
