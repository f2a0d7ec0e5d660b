/** Every request of a run to its tables, in order, with what came of it; and the same requests carried out by another store. */
import { isDeepStrictEqual } from 'node:util';
import type { Store } from '../core/store.ts';

type Part = Exclude<keyof Store, 'registryBytes'>;

export interface Recorded {
  readonly part: Part;
  readonly method: string;
  readonly args: readonly unknown[];
  readonly outcome: unknown;
}

/** Where a page goes on: each store has its own way to say so, which nobody but it reads. */
const CURSORS = ['cursor', 'after', 'next', 'nextCursor'];

export function recordedBy(store: Store): { readonly store: Store; readonly recorded: readonly Recorded[] } {
  const recorded: Recorded[] = [];
  const wrap = <P extends Part>(part: P): Store[P] =>
    Object.fromEntries(
      Object.entries(store[part]).map(([method, act]) => [
        method,
        async (...args: unknown[]) => {
          const asked = structuredClone(args);
          const outcome: unknown = await (act as (...args: unknown[]) => Promise<unknown>)(...args);
          recorded.push({ part, method, args: asked, outcome: structuredClone(outcome) });
          return outcome;
        },
      ]),
    ) as unknown as Store[P];
  return {
    recorded,
    store: {
      leases: wrap('leases'),
      pools: wrap('pools'),
      blocks: wrap('blocks'),
      nodes: wrap('nodes'),
      counters: wrap('counters'),
      fills: wrap('fills'),
      identities: wrap('identities'),
      history: wrap('history'),
      registryBytes: store.registryBytes,
    },
  };
}

/** The first request of which another store makes something else; undefined where there is none. */
export async function firstDifference(store: Store, recorded: readonly Recorded[]): Promise<string | undefined> {
  const cursors = new Map<unknown, unknown>();
  for (const [index, { part, method, args, outcome }] of recorded.entries()) {
    const act = store[part][method as never] as unknown as (...args: unknown[]) => Promise<unknown>;
    const said = await act(...args.map((argument) => withCursor(argument, cursors)));
    const [right, here] = [withoutCursor(outcome), withoutCursor(said)];
    if (right.cursor !== undefined && here.cursor !== undefined) cursors.set(right.cursor, here.cursor);
    const areAlike = (right.cursor === undefined) === (here.cursor === undefined);
    if (areAlike && isDeepStrictEqual(right.rest, here.rest)) continue;
    return `request ${index + 1}, ${part}.${method} ${shown(args)}: ${shown(outcome)}, and here ${shown(said)}`;
  }
  return undefined;
}

function withoutCursor(value: unknown): { readonly rest: unknown; readonly cursor: unknown } {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return { rest: value, cursor: undefined };
  const fields = Object.entries(value).filter(([, one]) => one !== undefined);
  const [, cursor] = fields.find(([name]) => CURSORS.includes(name)) ?? [];
  return { rest: Object.fromEntries(fields.filter(([name]) => !CURSORS.includes(name))), cursor };
}

const withCursor = (argument: unknown, cursors: ReadonlyMap<unknown, unknown>): unknown =>
  typeof argument === 'object' && argument !== null && Object.getPrototypeOf(argument) === Object.prototype
    ? Object.fromEntries(
        Object.entries(argument).map(([name, value]) => [
          name,
          CURSORS.includes(name) ? (cursors.get(value) ?? value) : value,
        ]),
      )
    : argument;

const shown = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) => {
    if (typeof one === 'bigint') return `${one}n`;
    if (one instanceof Map) return { map: [...one] };
    return one instanceof Set ? { set: [...one] } : one;
  }) ?? 'nothing';
