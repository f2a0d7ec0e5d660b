/** The next free prefix of some length, for a pool that is made in it. */
import { LessorError } from '../../core/contract/problems.ts';
import { freePrefixes, prefixText, readPrefix } from '../plan/prefix.ts';
import type { Session } from '../session/session.ts';
import { wrong } from '../settings/wrong.ts';
import { gathered } from './pages.ts';
import { usedSpans } from './used-spans.ts';

/** Others may take the prefix that was free a moment ago. */
const MOST_TRIES = 5;

interface Wanted {
  readonly name: string;
  readonly vrf: string;
  /** `/15`. */
  readonly size: string;
  readonly from: string;
  readonly without: readonly string[];
}

/** @throws LessorError `request.invalid` where none is free, else what `make` throws */
export async function inFreePrefix<T>(
  session: Session,
  wanted: Wanted,
  make: (subnet: string) => Promise<T>,
): Promise<T> {
  const { name, vrf, size, from } = wanted;
  const length = Number(/^\/?(\d{1,3})$/.exec(size)?.[1] ?? Number.NaN);
  const within = readPrefix('--from', from);
  if (!(length >= within.length && length <= within.bits))
    throw wrong(
      `--size ${JSON.stringify(size)} is no prefix length within ${from}`,
      `write /${within.length} to /${within.bits}`,
    );
  const without = wanted.without.map((text) => readPrefix('--without', text));
  const api = await session.service();
  for (let tries = 1; ; tries++) {
    const list = api.pages('listPools', { query: { vrf, limit: '100' } });
    const pools = await gathered(list, (page) => page.pools, session.progress, 'pools');
    const own = pools.find((pool) => pool.name === name);
    // Once more is what a repeated command asks for: it is not to get another prefix.
    const there = own?.ranges.flat().map(({ subnet }) => subnet) ?? [];
    const [free] = freePrefixes(within, length, usedSpans(pools, within.bits, without), 1);
    const subnet = there[0] ?? (free && prefixText(free));
    if (subnet === undefined)
      throw wrong(`${from} has no free /${length} in VRF ${vrf}`, 'give another --from, or see lessorctl plan --from');
    try {
      return await make(subnet);
    } catch (error) {
      const wasTaken = error instanceof LessorError && error.code === 'pool.overlap';
      if (!wasTaken || tries === MOST_TRIES) throw error;
    }
  }
}

/** Otherwise it would be overlooked. */
export const withoutFrom = (without: readonly string[]): LessorError =>
  wrong(`--without ${without.join(' ')} says what is used of --from, which is not given`, 'give both');
