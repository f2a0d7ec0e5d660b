/** Pools as they are kept in files: YAML or JSON, one document with a list of them, or several. */
import * as z from 'zod/mini';
import { type PoolInput, type PoolView, poolInput } from '../../core/contract/pool.ts';
import { LessorError } from '../../core/contract/problems.ts';
import { parse } from '../../core/contract/request-schema.ts';
import { wrong } from '../settings/wrong.ts';
import type { Shell } from '../shell/shell.ts';
import { writtenRanges } from './written-pool.ts';

/** A pool as a file has it: as it is created, and whether it is drained. What is left out has its default. */
export const writtenPool = z.extend(poolInput, {
  /** `draining`: it gives no new lease. */
  state: z._default(z.enum(['active', 'draining']), 'active'),
});
export type WrittenPool = z.output<typeof writtenPool>;

/** What a file has in it. */
export const poolsFile = z.strictObject({ pools: z.array(writtenPool) });

/**
 * The pools of all files.
 * @param vrf where a pool of a file names none. @throws LessorError `request.invalid`, which names file, field and value
 */
export async function readPools(paths: readonly string[], vrf: string, shell: Shell): Promise<WrittenPool[]> {
  const pools: WrittenPool[] = [];
  for (const path of paths) {
    const text = await shell.read(path);
    if (text === undefined) throw wrong(`-f ${path} is not there`, 'name a file, or - for standard input');
    const from = path === '-' ? 'standard input' : path;
    for (const [index, document] of (await documentsOf(from, text)).entries())
      pools.push(...poolsOf(document, index === 0 ? from : `${from} (document ${index + 1})`, vrf));
  }
  const seen = new Set<string>();
  for (const pool of pools) {
    const key = `${pool.vrf}/${pool.name}`;
    if (seen.has(key)) throw wrong(`pool ${key} is there twice`, 'write it once');
    seen.add(key);
  }
  return pools;
}

async function documentsOf(path: string, text: string): Promise<unknown[]> {
  const { parseAllDocuments } = await import('yaml');
  const documents = [...parseAllDocuments(text)];
  for (const { errors } of documents) {
    const [error] = errors;
    if (error !== undefined)
      throw wrong(`${path} is no YAML (${error.message.split('\n')[0]})`, 'see lessorctl export', error);
  }
  try {
    return documents.map((document): unknown => document.toJS()).filter((value) => value !== null);
  } catch (error) {
    // An alias of nothing, or aliases of aliases, of which a short file makes a value without end.
    throw wrong(`${path} is no YAML (${(error as Error).message})`, 'see lessorctl export', error);
  }
}

function poolsOf(document: unknown, where: string, vrf: string): WrittenPool[] {
  try {
    return parse(poolsFile, withVrf(document, vrf), where, false).pools;
  } catch (error) {
    if (!(error instanceof LessorError)) throw error;
    throw new LessorError(error.code, error.what, {
      remedy: 'see lessorctl export for how pools are written',
      cause: error,
    });
  }
}

function withVrf(document: unknown, vrf: string): unknown {
  const { pools } = (document ?? {}) as { pools?: unknown };
  if (!Array.isArray(pools)) return document;
  const of = (pool: unknown) => (typeof pool === 'object' && pool !== null ? { vrf, ...pool } : pool);
  return { ...(document as object), pools: pools.map(of) };
}

/** What is not its default, in the order of the schema: as somebody would write it, and so that it is the same pool. */
export function writtenOf(pool: PoolView): Record<string, unknown> {
  const {
    id: _,
    createdAt: __,
    capacity: ___,
    openBlocks: ____,
    version: _____,
    ranges: ______,
    state,
    ...rest
  } = pool;
  const whole: Record<string, unknown> = {
    ...rest,
    state: state === 'draining' ? state : 'active',
    ranges: writtenRanges(pool),
  };
  const bare = parse(writtenPool, { name: pool.name, ranges: writtenRanges(pool) }, 'pool', false) as Record<
    string,
    unknown
  >;
  const first = ['name', 'vrf', 'ranges', 'affinity', 'gateway', 'blockSize'];
  const names = [
    ...first,
    ...Object.keys(whole)
      .filter((name) => !first.includes(name))
      .sort(),
  ];
  const isPlain = (name: string) => JSON.stringify(whole[name]) === JSON.stringify(bare[name]);
  const kept = names.filter(
    (name) => whole[name] !== undefined && (['name', 'ranges'].includes(name) || !isPlain(name)),
  );
  return Object.fromEntries(kept.map((name) => [name, whole[name]]));
}

/** As the service takes it when it creates the pool. */
export function inputOf({ state: _, ...pool }: WrittenPool): PoolInput {
  return pool;
}
