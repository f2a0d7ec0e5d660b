/** The list of pools, which the page asks for first: it is begun together with the page, which takes its time to start. */

import type { Service } from '../../lessorctl/api/service.ts';
import { firstQuestion } from '../first-question.ts';
import { type PageReply, repliesTo } from './questions.ts';

/** Milliseconds: a page that starts later asks anew. */
const FRESH = 10_000;

export interface FirstList {
  begin(): void;
  /** Once for each that was begun; undefined where another question is asked, or none was begun. */
  begun(name: string, json: string): AsyncIterable<PageReply> | undefined;
}

export function firstListOf({ service, vrf }: { service: Service; vrf: string }): FirstList {
  const asked = JSON.stringify(firstQuestion(vrf));
  let list: { readonly at: number; readonly replies: AsyncIterable<PageReply> } | undefined;
  return {
    begin() {
      if (list === undefined || Date.now() - list.at > FRESH)
        list = { at: Date.now(), replies: eager(repliesTo(service, 'listPools', asked)) };
    },
    begun(name, json) {
      if (name !== 'listPools' || json !== asked || list === undefined) return undefined;
      const { at, replies } = list;
      list = undefined;
      return Date.now() - at > FRESH ? undefined : replies;
    },
  };
}

/** Goes on whether or not somebody reads. */
function eager<T>(source: AsyncIterable<T>): AsyncIterable<T> {
  const made: T[] = [];
  let isOver = false;
  let tell = () => {};
  const run = async () => {
    for await (const one of source) {
      made.push(one);
      tell();
    }
    isOver = true;
    tell();
  };
  void run();
  return (async function* () {
    for (let at = 0; ; at += 1) {
      while (at >= made.length) {
        if (isOver) return;
        await new Promise<void>((done) => {
          tell = done;
        });
      }
      yield made[at] as T;
    }
  })();
}
