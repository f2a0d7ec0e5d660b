/** The custom resource as Lambda loads it: CloudFormation's requests, the tables in DynamoDB Local, the answers. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import type { PoolView } from '../../../core/contract/pool.ts';
import type { LessorError } from '../../../core/contract/problems.ts';
import type { answerRequest as AnswerRequest } from '../../../functions/define-pools/handler.ts';
import { allocate } from '../../../functions/use-cases/add/allocate.ts';
import type { Dependencies } from '../../../functions/use-cases/dependencies.ts';
import { release } from '../../../functions/use-cases/leases/release.ts';
import { readPoolNamed } from '../../../functions/use-cases/pools/list-pools.ts';
import { type LocalTables, localTables } from '../../store/local-tables.ts';
import { change, create, remove } from '../pool-requests.ts';
import { addOf, callOf, delOf } from '../world.ts';
import { type Answer, type AnswerBox, adopting, answerBox, type Event, requestsTo, SECRET } from './stack-events.ts';

let local: LocalTables;
let box: AnswerBox;
let deps: Dependencies;
let answerRequest: typeof AnswerRequest;
let requests: ReturnType<typeof requestsTo>;
let written: MockInstance[];

beforeAll(async () => {
  [local, box] = await Promise.all([localTables(), answerBox()]);
  ({ answerRequest } = await import('../../../functions/define-pools/handler.ts'));
  deps = (await import('../../../functions/runtime.ts')).inBackground();
  requests = requestsTo(box.url);
});
afterAll(async () => {
  box?.stop();
  await local?.stop();
});
beforeEach(() => {
  written = (['info', 'error', 'log', 'warn'] as const).map((level) => vi.spyOn(console, level).mockReturnValue());
});
afterEach(() => {
  // Whatever happened: nobody can read in the log where answers go.
  expect(JSON.stringify(written.flatMap(({ mock }) => mock.calls))).not.toContain(SECRET);
  vi.restoreAllMocks();
  box.refusals.length = 0;
});

const context = { getRemainingTimeInMillis: () => 900_000 };
const pauses: number[] = [];
const surroundings = { fetch, pause: async (milliseconds: number) => pauses.push(milliseconds) };

/** What CloudFormation is told. */
async function told(event: Event): Promise<Answer> {
  const before = box.answers.length;
  await answerRequest(deps, event, context, surroundings);
  expect(box.answers).toHaveLength(before + 1);
  const answer = box.answers.at(-1) as Answer;
  const { StackId, RequestId, LogicalResourceId } = event;
  expect(answer).toMatchObject({ StackId, RequestId, LogicalResourceId });
  return answer;
}
const succeeded = async (event: Event): Promise<string> => {
  const answer = await told(event);
  expect(answer.Reason).toBeUndefined();
  expect(answer.Status).toBe('SUCCESS');
  return answer.PhysicalResourceId;
};
const failed = async (event: Event): Promise<{ reason: string; physicalId: string }> => {
  const { Status, Reason = '', PhysicalResourceId } = await told(event);
  expect(Status).toBe('FAILED');
  return { reason: Reason, physicalId: PhysicalResourceId };
};
const there = (name: string, vrf = 'default'): Promise<PoolView | undefined> =>
  readPoolNamed(deps, { vrf, name }).catch((error: LessorError) => {
    expect(error.code).toBe('pool.unknown');
    return undefined;
  });

let subnets = 0;
/** A pool of a name and a subnet of its own. */
const fresh = (more: object = {}) => {
  subnets += 1;
  return { name: `pool-${subnets}`, ranges: [[{ subnet: `10.${subnets}.0.0/24` }]], ...more };
};
const lease = (pool: { name: string }, container: number) =>
  allocate(deps, callOf('i-1'), addOf(container, { pool: { vrf: 'default', name: pool.name } }));

describe('a pool that a template declares', () => {
  it('is created, and CloudFormation is told its id and attributes, without a content type', async () => {
    const pool = fresh({ cooldownSeconds: 5 });
    const { Status, PhysicalResourceId, Data } = await told(requests.create(pool));
    const { id } = (await there(pool.name)) as PoolView;
    expect({ Status, PhysicalResourceId, Data }).toEqual({
      Status: 'SUCCESS',
      PhysicalResourceId: `default/${pool.name}/${id}`,
      Data: { PoolId: id, Name: pool.name, Vrf: 'default' },
    });
    expect(box.headers.at(-1)?.['content-type'] ?? '').toBe('');
    expect(await there(pool.name)).toMatchObject({ cooldownSeconds: 5 });
  });

  it('is created once, however often the request comes', async () => {
    const pool = fresh();
    const event = requests.create(pool);
    const physicalId = await succeeded(event);
    expect(await succeeded(event)).toBe(physicalId);
    expect((await there(pool.name))?.version).toBe(1);
  });

  it('grows and gets another policy; what is left out has its default again', async () => {
    const pool = fresh({ cooldownSeconds: 5, quota: 3 });
    const physicalId = await succeeded(requests.create(pool));
    const grown = { ...pool, ranges: [[...(pool.ranges[0] ?? []), { subnet: '10.250.0.0/24' }]], order: 7 };
    const { cooldownSeconds: _, quota: __, ...next } = grown as typeof grown & Record<string, unknown>;
    const event = requests.update(physicalId, next, pool);
    expect([await succeeded(event), await succeeded(event)]).toEqual([physicalId, physicalId]);
    const now = (await there(pool.name)) as PoolView;
    expect([now.version, now.order, now.cooldownSeconds, now.quota]).toEqual([2, 7, 30, undefined]);
    expect(now.ranges[0]?.map(({ subnet }) => subnet)).toEqual([pool.ranges[0]?.[0]?.subnet, '10.250.0.0/24']);
  });

  it.each<[string, (pool: { ranges: unknown }) => object, RegExp]>([
    ['smaller ranges', () => ({ ranges: [[{ subnet: '10.251.0.0/24' }]] }), /^pool.fixed: .*ranges has to begin with/],
    ['another block size', () => ({ blockSize: 16 }), /^pool.fixed: .*blockSize is 64 for good.*create another pool/],
    ['another affinity', () => ({ affinity: 'node' }), /^pool.fixed: .*affinity is "shared" for good/],
    ['a field that there is not', () => ({ colour: 'red' }), /^request.invalid: pool: has no field colour$/],
    ['a value that cannot be', () => ({ cooldownSeconds: -1 }), /^request.invalid: pool.cooldownSeconds: must be at/],
  ])('is refused %s in the words of the API, and stays what it is', async (_, changed, words) => {
    const pool = fresh();
    const physicalId = await succeeded(requests.create(pool));
    const before = await there(pool.name);
    const refused = await failed(requests.update(physicalId, { ...pool, ...changed(pool) }, pool));
    expect(refused).toEqual({ reason: expect.stringMatching(words), physicalId });
    expect(await there(pool.name)).toEqual(before);
  });

  it('of another name or VRF is another pool: made first, and the former one deleted afterwards', async () => {
    const pool = fresh();
    const physicalId = await succeeded(requests.create(pool));
    const moved = { ...pool, vrf: 'elsewhere' };
    const next = await succeeded(requests.update(physicalId, moved, pool));
    expect(next).toMatch(new RegExp(`^elsewhere/${pool.name}/`));
    expect(await there(pool.name)).toBeDefined();
    expect(await succeeded(requests.remove(physicalId, pool))).toBe(physicalId);
    expect([await there(pool.name), (await there(pool.name, 'elsewhere'))?.name]).toEqual([undefined, pool.name]);
  });

  it('is what it was where such an update is taken back', async () => {
    const pool = fresh();
    const physicalId = await succeeded(requests.create(pool));
    const moved = { ...pool, vrf: 'elsewhere' };
    const next = await succeeded(requests.update(physicalId, moved, pool));
    expect(await succeeded(requests.update(next, pool, moved))).toBe(physicalId);
    await succeeded(requests.remove(next, moved));
    expect([(await there(pool.name))?.version, await there(pool.name, 'elsewhere')]).toEqual([1, undefined]);
  });

  it('is made again by an update where somebody deleted it', async () => {
    const pool = fresh();
    const physicalId = await succeeded(requests.create(pool));
    await remove(deps, { name: pool.name });
    const next = await succeeded(requests.update(physicalId, { ...pool, order: 1 }, pool));
    expect(next).not.toBe(physicalId);
    // CloudFormation deletes the former one then, which is gone: the new one stays.
    await succeeded(requests.remove(physicalId, pool));
    expect((await there(pool.name))?.order).toBe(1);
  });
});

describe('a pool that is there already', () => {
  it('is not taken over unasked, and is not deleted when the stack is rolled back', async () => {
    const pool = fresh();
    await create(deps, pool);
    const { reason, physicalId } = await failed(requests.create(pool));
    expect(reason).toMatch(/^pool.conflict: Pool pool-\d+ in VRF default is there already, .*: set adopt,/);
    await succeeded(requests.remove(physicalId, pool));
    expect(await there(pool.name)).toBeDefined();
  });

  it('is taken over where that is asked for, and it is the same', async () => {
    const pool = fresh();
    const { pool: made } = await create(deps, pool);
    const other = { ...pool, order: 9 };
    expect((await failed(requests.create(other, adopting(other)))).reason).toContain('order is 0, not 9');
    expect(await succeeded(requests.create(pool, adopting(pool)))).toBe(`default/${pool.name}/${made.id}`);
  });

  it('is left alone where its name is one that the declared pool had', async () => {
    const pool = fresh();
    const physicalId = await succeeded(requests.create(pool));
    await remove(deps, { name: pool.name });
    await create(deps, pool);
    await succeeded(requests.remove(physicalId, pool));
    expect(await there(pool.name)).toBeDefined();
  });
});

describe('the deletion of a declared pool', () => {
  it('is refused with the number of leases and what to do, as long as there are some', async () => {
    const pool = fresh();
    const physicalId = await succeeded(requests.create(pool));
    const { slot } = await lease(pool, 1);
    const refused = await failed(requests.remove(physicalId, pool));
    expect(refused).toEqual({ physicalId, reason: expect.stringMatching(/^pool.held: .* has 1 lease that is held/) });
    expect(refused.reason).toContain('delete the pods');
    expect((await there(pool.name))?.state).toBe('active');
    await release(deps, callOf('i-1'), delOf(1, { slot, acknowledged: true }));
    const event = requests.remove(physicalId, pool);
    expect([await succeeded(event), await there(pool.name)]).toEqual([physicalId, undefined]);
    await succeeded(event);
  });

  it('does what an operator began, and needs nothing of the definition', async () => {
    const pool = fresh();
    const physicalId = await succeeded(requests.create(pool));
    await change(deps, { state: 'draining' }, { name: pool.name });
    await succeeded(requests.remove(physicalId, {}));
    expect(await there(pool.name)).toBeUndefined();
  });

  it('of what was never created is nothing', async () => {
    for (const physicalId of ['not-created', 'Lessor-BluePool4F2A9C11-1ABCDEFGHIJKL', 'default/x'])
      expect(await succeeded(requests.remove(physicalId, fresh()))).toBe(physicalId);
  });
});

describe('the answer', () => {
  it('is sent again while it is not taken, with longer and longer pauses', async () => {
    box.refusals.push(503, 500, 403);
    pauses.length = 0;
    await succeeded(requests.create(fresh()));
    expect(pauses).toEqual([500, 1000, 2000]);
  });

  it('that is never taken is an error without the URL, so that Lambda repeats the request', async () => {
    const event = requests.create(fresh());
    box.refusals.push(503, 503, 503, 503, 503);
    const lost = answerRequest(deps, event, context, surroundings);
    await expect(lost).rejects.toThrow(`CloudFormation was not told of ${event.LogicalResourceId}`);
    await expect(lost).rejects.not.toThrow(SECRET);
    await succeeded(event);
  });

  it('does not tell the URL where it cannot be reached either', async () => {
    const refusing = { ...surroundings, fetch: () => Promise.reject(new TypeError(`failed: ${box.url}`)) };
    const lost = answerRequest(deps, requests.create(fresh()), context, refusing);
    await expect(lost).rejects.toThrow(/cannot be reached \(TypeError\)$/);
  });

  it('has a reason that CloudFormation takes, however much there is to say', async () => {
    const names = Object.fromEntries(Array.from({ length: 500 }, (_, k) => [`${'ä'.repeat(200)}${k}`, 1]));
    await failed(requests.create(fresh(names)));
    const quotas = Object.fromEntries(Array.from({ length: 64 }, (_, k) => [`${'N'.repeat(250)}${k}`, -1]));
    await failed(requests.create(fresh({ quotas })));
    for (const answer of box.answers) expect(Buffer.byteLength(JSON.stringify(answer))).toBeLessThanOrEqual(4_096);
  });

  it('says of a fault only under which id the log has it', async () => {
    const broken = {
      ...deps,
      newToken: () => {
        throw new RangeError('the cause');
      },
    };
    const event = requests.create(fresh());
    await answerRequest(broken, event, context, surroundings);
    const { Reason } = box.answers.at(-1) as Answer;
    expect(Reason).toBe(
      `service.fault: The service failed: its log has the cause under the request id ${event.RequestId}`,
    );
  });

  it('comes before the time is up where DynamoDB does not answer, after some tries', async () => {
    const store = { ...deps.store, pools: { ...deps.store.pools, readRegistry: () => Promise.reject(unavailable()) } };
    const { LessorError: Fault } = await import('../../../core/contract/problems.ts');
    function unavailable() {
      return new Fault('service.unavailable', 'DynamoDB did not answer');
    }
    pauses.length = 0;
    const event = requests.create(fresh());
    await answerRequest({ ...deps, store }, event, context, surroundings);
    expect(box.answers.at(-1)).toMatchObject({ Status: 'FAILED', PhysicalResourceId: 'not-created' });
    expect(pauses).toEqual([500, 1000, 2000, 4000]);
    pauses.length = 0;
    await answerRequest({ ...deps, store }, event, { getRemainingTimeInMillis: () => 60_500 }, surroundings);
    expect(pauses).toEqual([]);
  });
});
