/** Many operators at once, through the handler as Lambda loads it, over DynamoDB Local. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod/mini';
import { routes } from '../../../../core/contract/routes.ts';
import type { Handler } from '../../../../functions/http/http.ts';
import { type LocalTables, localTables } from '../../../store/local-tables.ts';
import { ask, OPERATOR } from '../../http/gateway-event.ts';

let local: LocalTables;
let operate: Handler;

beforeAll(async () => {
  local = await localTables();
  ({ handler: operate } = await import('../../../../functions/operate/handler.ts'));
});
afterAll(() => local?.stop());
beforeEach(() => void vi.spyOn(console, 'info').mockReturnValue(undefined));
afterEach(() => vi.restoreAllMocks());

const create = (body: object) =>
  ask(operate, { route: 'POST /v1/pools', userArn: OPERATOR, body: JSON.stringify(body), query: {} });
/** On a machine with much else to do time may run out, here or in DynamoDB: what says that it may be tried again is, as an operator does it. */
async function createUntilAnswered(body: object) {
  for (;;) {
    const answer = await create(body);
    if (answer.status !== 503) return answer;
    expect(answer.body.retryable).toBe(true);
  }
}
const all = Array.from({ length: 64 }, (_, k) => k);

describe('64 operators who create a pool at the same moment', () => {
  it('all succeed where their ranges are disjoint', async () => {
    const answers = await Promise.all(
      all.map((k) => createUntilAnswered({ name: `pool-${k}`, ranges: [[{ subnet: `10.${k}.0.0/16` }]] })),
    );
    // 200 where an earlier try was carried out.
    for (const { status } of answers) expect([200, 201]).toContain(status);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const query = { limit: '25', ...(cursor === undefined ? {} : { cursor }) };
      const { body } = await ask(operate, { route: 'GET /v1/pools', userArn: OPERATOR, query });
      const { pools, nextCursor } = z.parse(routes.listPools.result, body);
      seen.push(...pools.map(({ name }) => name));
      cursor = nextCursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(all.map((k) => `pool-${k}`).sort());
  });

  it('are one who succeeds where their ranges overlap', async () => {
    const answers = await Promise.all(
      all.map((k) => createUntilAnswered({ name: `clash-${k}`, ranges: [[{ subnet: `172.16.0.0/${12 + (k % 8)}` }]] })),
    );
    const codes = answers.map(({ status, body }) => (status === 200 || status === 201 ? 'there' : body.code));
    expect(codes.filter((code) => code === 'there')).toHaveLength(1);
    expect(codes.filter((code) => code === 'pool.overlap')).toHaveLength(63);
  });
});
