/** The client of EC2 before a server that speaks its protocol: whatever is not certainly an answer is a failure. */
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ec2InstanceLookup } from '../../../functions/ec2/instance-lookup.ts';
import { type Ec2Fault, ec2Error, type LocalEc2, reservations, startEc2 } from '../../../local/aws/ec2.ts';

const account = '123456789012';
const region = 'eu-central-1';
const idOf = (number: number) => `i-${number.toString(16).padStart(17, '0')}`;
const [one, two, three] = [idOf(1), idOf(2), idOf(3)];
let ec2: LocalEc2;

beforeAll(async () => {
  const rights = [{ effect: 'Allow' as const, actions: ['ec2:DescribeInstances'], resources: ['*'] }];
  const principals = [
    { accessKeyId: 'MAY', rights },
    { accessKeyId: 'MAYNOT', rights: [] },
  ];
  ec2 = await startEc2({ region, account, principals, tell: () => {} });
  vi.stubEnv('AWS_ENDPOINT_URL_EC2', ec2.endpoint);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'MAY');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
});
beforeEach(() => {
  ec2.fault(undefined);
  for (const id of [one, two, three]) ec2.run(id);
});
afterAll(() => {
  vi.unstubAllEnvs();
  return ec2.stop();
});

const look = (...ids: string[]) => ec2InstanceLookup(account).lookUp(region, ids, { remainingMs: () => 60_000 });

describe('a question for instances', () => {
  it('is answered with the state of each', async () => {
    ec2.change(one, 'terminated');
    ec2.change(two, 'shutting-down');
    expect(await look(one, two, three)).toEqual({
      is: 'answered',
      states: new Map([
        [one, 'terminated'],
        [two, 'shutting-down'],
        [three, 'running'],
      ]),
    });
  });

  it('asks for nothing where there is nothing to ask for: without ids EC2 tells of all', async () => {
    const before = ec2.asked().length;
    expect(await look()).toEqual({ is: 'answered', states: new Map() });
    expect(ec2.asked()).toHaveLength(before);
  });

  it('tells those that EC2 does not find from the others, for which it asks again', async () => {
    const [gone, never] = [idOf(8), idOf(9)];
    expect(await look(one, gone, never)).toEqual({
      is: 'answered',
      states: new Map([
        [gone, 'not-found'],
        [never, 'not-found'],
        [one, 'running'],
      ]),
    });
  });

  it('follows pages', async () => {
    let page = 0;
    ec2.fault(() => {
      page += 1;
      return page === 1
        ? reservations(account, [[one, 'running']], 'more')
        : reservations(account, [[two, 'terminated']]);
    });
    expect(await look(one, two)).toEqual({
      is: 'answered',
      states: new Map([
        [one, 'running'],
        [two, 'terminated'],
      ]),
    });
  });

  it('that EC2 leaves unanswered for one instance says nothing of that one', async () => {
    ec2.fault(() => reservations(account, [[one, 'running']]));
    expect(await look(one, two)).toEqual({ is: 'answered', states: new Map([[one, 'running']]) });
  });

  it('that EC2 answers with an instance, and then says it does not find it, has no answer', async () => {
    let request = 0;
    ec2.fault(() => {
      request += 1;
      if (request === 1) return reservations(account, [[one, 'running']], 'more');
      if (request === 2) return ec2Error(400, 'InvalidInstanceID.NotFound', `The instance ID '${one}' does not exist`);
      return reservations(account, [[two, 'running']]);
    });
    expect(await look(one, two)).toMatchObject({ is: 'failed', why: expect.stringContaining('two things') });
  });

  const cut = (): ReturnType<Ec2Fault> => undefined;
  it.each<[string, Ec2Fault, string]>([
    ['a missing right', () => ec2Error(403, 'UnauthorizedOperation', 'no'), 'UnauthorizedOperation'],
    [
      'throttling, again and again',
      () => ec2Error(503, 'RequestLimitExceeded', 'Request limit exceeded.'),
      'RequestLimitExceeded',
    ],
    ['a failure of EC2', () => ec2Error(500, 'InternalError', 'An internal error has occurred'), 'InternalError'],
    ['a connection that is cut', cut, 'DescribeInstances'],
    ['another account’s instances', () => reservations('999999999999', [[one, 'terminated']]), 'account 999999999999'],
    ['an instance that was not asked for', () => reservations(account, [[three, 'terminated']]), three],
    ['a state that is none', () => reservations(account, [[one, 'exploded']]), 'exploded'],
    [
      'two things about one instance',
      () =>
        reservations(account, [
          [one, 'running'],
          [one, 'terminated'],
        ]),
      'two things',
    ],
    ['pages without end', () => reservations(account, [[one, 'running']], 'more'), '20 requests'],
    [
      'that it does not find what was not asked for',
      () => ec2Error(400, 'InvalidInstanceID.NotFound', `The instance ID '${three}' does not exist`),
      'not asked for',
    ],
    [
      'that it does not find something without a name',
      () => ec2Error(400, 'InvalidInstanceID.NotFound', 'It does not exist'),
      'not asked for',
    ],
    ['half an answer', (_, ordinary) => ({ status: 200, body: ordinary().body.slice(0, 300) }), 'DescribeInstances'],
    ['something that is no answer', () => ({ status: 200, body: '<html>Sign in</html>' }), 'DescribeInstances'],
    ['nothing', () => ({ status: 200, body: '' }), 'DescribeInstances'],
  ])('that is answered with %s fails, and of no instance anything is known', async (_, fault, why) => {
    ec2.fault(fault);
    expect(await look(one, two)).toEqual({ is: 'failed', why: expect.stringContaining(why) });
  });

  it('that is throttled once is repeated', async () => {
    let times = 0;
    ec2.fault((_, ordinary) => {
      times += 1;
      return times === 1 ? ec2Error(503, 'RequestLimitExceeded', 'Request limit exceeded.') : ordinary();
    });
    expect(await look(one)).toMatchObject({ is: 'answered' });
    expect(times).toBe(2);
  });
});

it('A question is tried no longer than the run has time, and then it has failed', async () => {
  const silent = createServer();
  let asked = 0;
  silent.on('connection', () => {
    asked += 1;
  });
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  vi.stubEnv('AWS_ENDPOINT_URL_EC2', `http://127.0.0.1:${(silent.address() as AddressInfo).port}`);
  try {
    const answer = await ec2InstanceLookup(account).lookUp(region, [one], { remainingMs: () => 5_200 });
    expect(answer).toEqual({ is: 'failed', why: expect.stringContaining('in the time that the run had left') });
    expect(asked).toBeLessThanOrEqual(1);
  } finally {
    vi.stubEnv('AWS_ENDPOINT_URL_EC2', ec2.endpoint);
    silent.close();
  }
});
