/** The table of sizes as docs/sizes.md has it. */
import { type Cost, costOf, FUNCTION_MS } from './cost.ts';
import { NODE } from './deployments.ts';
import type { Sized } from './operations.ts';

/** Of all pages of the operation together; time, bytes and requests at once are those of the page that took most. */
export interface SizedCost extends Cost {
  readonly pages: number;
}

const MOST_PAGES = 1000;

/** At that size, from the first page to the last. */
export async function costAt({ prepare }: Sized, count: number): Promise<SizedCost> {
  const { here, request } = await prepare(count);
  let cursor: string | undefined;
  let all: SizedCost = { requests: 0, mostAtOnce: 0, milliseconds: 0, bytes: 0, pages: 0 };
  do {
    let next: string | undefined;
    const cost = await costOf(here, NODE, async (deps, call) => {
      const result = await request(deps, call, cursor);
      next = goesOn(result);
      return result;
    });
    all = {
      ...cost,
      requests: all.requests + cost.requests,
      mostAtOnce: Math.max(all.mostAtOnce, cost.mostAtOnce),
      milliseconds: Math.max(all.milliseconds, cost.milliseconds),
      bytes: Math.max(all.bytes, cost.bytes),
      pages: all.pages + 1,
    };
    cursor = next;
  } while (cursor !== undefined && all.pages < MOST_PAGES);
  return all;
}

/** The cursor of the next page; a deletion that is under way is repeated as it is. */
function goesOn(result: unknown): string | undefined {
  const { nextCursor, deleted, dryRun } = (result ?? {}) as {
    nextCursor?: string;
    deleted?: boolean;
    dryRun?: boolean;
  };
  return nextCursor ?? (deleted === false && dryRun !== true ? 'again' : undefined);
}

const text = ({ requests, mostAtOnce, milliseconds, bytes, pages, refused }: SizedCost): string => {
  const kilobytes = bytes < 1000 ? '< 1' : String(Math.round(bytes / 1000));
  const of = pages > 1 ? `, ${pages} pages` : '';
  return `${refused === undefined ? '' : `${refused}: `}${requests} (${mostAtOnce}), ${milliseconds} ms, ${kilobytes} KB${of}`;
};

export const head = ['operation', 'size', 'at 1', 'at the size'];

export const row = ({ operation, of, most }: Sized, one: SizedCost, all: SizedCost): string =>
  `| ${operation} | ${most.toLocaleString('en')} ${of} | ${text(one)} | ${text(all)} |`;

/** What is wrong with a cost, where something is. */
export function tooMuch({ milliseconds, bytes, mostAtOnce, refused }: SizedCost, answerBytes: number): string[] {
  return [
    ...(milliseconds > FUNCTION_MS ? [`takes ${milliseconds} ms`] : []),
    ...(bytes > answerBytes ? [`answers ${bytes} bytes`] : []),
    ...(mostAtOnce > 64 ? [`sends ${mostAtOnce} requests at once`] : []),
    ...(refused === undefined ? [] : [`is refused: ${refused}`]),
  ];
}
