/** Which nodes have looked at restored tables, and from which backups a restore is safe. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agentTimes } from '../../cni-shim/agent/tell-service.ts';
import { hasLooked, type KnownNode, looksOf, NOTICED_MS } from '../../lessorctl/backup/node-looks.ts';
import { targetOf, whyNot } from '../../lessorctl/backup/restored-tables.ts';
import type { TableBackup } from '../../lessorctl/backup/tables-control.ts';

const MINUTE_MS = 60_000;
const closedAt = Date.parse('2026-01-31T12:00:00Z');
const openedAt = closedAt + NOTICED_MS;
const closed = { closedAt, openedAt };
const text = (milliseconds: number) => new Date(milliseconds).toISOString();
const node = (more: Partial<KnownNode>): KnownNode => ({ node: 'i-1', alive: true, ...more });

/** Clocks of nodes, as wrong as a signature may be. */
const SKEW_MS = 5 * MINUTE_MS;
type Judge = typeof hasLooked;

/** By clocks that are wrong, a comparison before the closing is none, and one after the opening is one. */
function checkReports(judge: Judge): void {
  const skew = fc.integer({ min: -SKEW_MS + 1, max: SKEW_MS - 1 });
  const spans = fc.record({
    closedFor: fc.integer({ min: NOTICED_MS, max: 10 * NOTICED_MS }),
    away: fc.nat(NOTICED_MS),
    skew,
  });
  fc.assert(
    fc.property(spans, fc.boolean(), ({ closedFor, away, skew: wrong }, isAfter) => {
      const times = { closedAt, openedAt: closedAt + closedFor };
      const compared = (isAfter ? times.openedAt + away : times.closedAt - away) + wrong;
      const heartbeatAt = text(times.openedAt + 30 * MINUTE_MS);
      return (
        judge(node({ heartbeatAt, comparedAt: text(compared) }), times, times.openedAt + 60 * MINUTE_MS) === isAfter
      );
    }),
  );
}

describe('a node that reports its comparisons', () => {
  it('has looked if the last one was after the opening, whatever its clock says', () => {
    checkReports(hasLooked);
  });

  it('would be taken for one that has, or has not, if its clock were believed', () => {
    const believing: Judge = ({ comparedAt = '' }, times) => Date.parse(comparedAt) > times.openedAt;
    const careless: Judge = ({ comparedAt = '' }, times) => Date.parse(comparedAt) > times.closedAt;
    expect(() => checkReports(believing)).toThrow('Property failed');
    expect(() => checkReports(careless)).toThrow('Property failed');
  });

  it('has not while it never compared, though it was heard of', () => {
    const quiet = node({ heartbeatAt: text(openedAt + MINUTE_MS), comparedAt: '' });
    expect(hasLooked(quiet, closed, openedAt + 9 * MINUTE_MS)).toBe(false);
  });
});

describe('a node that reports none', () => {
  it.each([
    ['was never heard of', undefined, false],
    ['was heard of before the opening', openedAt - 1, false],
    ['was heard of just now, and may be comparing', openedAt + 8 * MINUTE_MS, false],
    ['was heard of, and was quiet since', openedAt + 6 * MINUTE_MS, true],
  ])('that %s', (_, heartbeatAt, looked) => {
    const one = node(heartbeatAt === undefined ? {} : { heartbeatAt: text(heartbeatAt) });
    expect(hasLooked(one, closed, openedAt + 9 * MINUTE_MS)).toBe(looked);
  });
});

describe('an agent', () => {
  const { heartbeatMs, longestPauseMs, roundMs } = agentTimes;

  it('asks once while the API is closed, and so learns that it is: else it would compare only in hours', () => {
    expect(NOTICED_MS).toBeGreaterThan(heartbeatMs + longestPauseMs + roundMs);
  });

  it('that could not compare is heard of again before it is taken for one that has, and one that has is not', () => {
    const heard = openedAt + MINUTE_MS;
    const judged = (after: number) => hasLooked(node({ heartbeatAt: text(heard) }), closed, heard + after);
    expect(judged(longestPauseMs + roundMs)).toBe(false);
    expect(judged(heartbeatMs - roundMs)).toBe(true);
  });
});

describe('all that lived before the closing or live in the restored tables', () => {
  const heard = text(openedAt + MINUTE_MS);
  const looks = (without: string[] = []) =>
    looksOf({
      before: ['looked', 'joined-since', 'silent'],
      dead: ['dead', 'dead-but-speaks'],
      now: [
        { node: 'looked', alive: true, heartbeatAt: heard },
        { node: 'silent', alive: true, heartbeatAt: text(closedAt) },
        { node: 'dead', alive: true, heartbeatAt: text(closedAt) },
        { node: 'dead-but-speaks', alive: true, heartbeatAt: heard },
        { node: 'long-dead', alive: false },
        { node: 'back-again', alive: true, heartbeatAt: text(openedAt + 8 * MINUTE_MS) },
      ],
      without: new Set(without),
      closed,
      at: openedAt + 9 * MINUTE_MS,
    });

  it('are waited for, but for those that are dead and do not speak, and those that somebody vouches for', () => {
    expect(looks()).toEqual({
      looked: ['dead-but-speaks', 'looked'],
      looking: ['back-again'],
      silent: ['silent'],
      unknown: ['joined-since'],
    });
    expect(looks(['silent', 'joined-since'])).toMatchObject({ silent: [], unknown: [] });
  });
});

describe('a pair of backups', () => {
  const made = (at: string, isReady = true): TableBackup => ({ name: 'b', arn: at, at, isReady, bytes: 0 });
  const [early, late] = [made('2026-01-31T12:00:00.000Z'), made('2026-01-31T12:00:05.000Z')];

  it('is safe where the pools are not older than the leases: each lease lies in a block that is its node’s', () => {
    expect(whyNot({ leases: early, pools: late })).toBeUndefined();
    expect(whyNot({ leases: late, pools: early })).toContain('claims of blocks would be missing');
    expect(whyNot({ leases: early })).toContain('no backup of the pools');
    expect(whyNot({ pools: early })).toContain('no backup of the leases');
    expect(whyNot({ leases: early, pools: made(late.at, false) })).toContain('not ready');
  });

  it('is restored into tables of a name that does not grow', () => {
    const once = targetOf('Lessor-Leases', '2026-01-31T12:00:00Z');
    expect(once).toBe('Lessor-Leases-at-20260131T120000Z');
    expect(targetOf(once, '2026-02-01T12:00:00Z')).toBe('Lessor-Leases-at-20260201T120000Z');
  });
});
