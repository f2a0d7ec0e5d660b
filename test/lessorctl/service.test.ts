/** The client: what it repeats and for how long, what it makes of answers that are no success, and of lists. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LessorError, problemBody } from '../../core/contract/problems.ts';
import { CONTRACT, contractText } from '../../core/contract/version.ts';
import { type AskingLimits, serviceAt } from '../../lessorctl/api/service.ts';

const endpoint = 'https://abc123.execute-api.eu-central-1.amazonaws.com/prod';
const keys = async () => ({ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a secret', sessionToken: 'a token' });

interface Sent {
  readonly url: string;
  readonly init: RequestInit;
}

let sent: Sent[];
let slept: number[];
let now: number;
beforeEach(() => {
  [sent, slept, now] = [[], [], Date.parse('2026-01-31T12:00:00Z')];
});
afterEach(() => expect(sent.length).toBeGreaterThan(0));

/** A service that answers so, one after the other; the last answer again and again. */
function answering(...answers: (Response | Error)[]) {
  const fetch = async (url: unknown, init?: RequestInit) => {
    sent.push({ url: String(url), init: init ?? {} });
    const answer = answers[Math.min(sent.length, answers.length) - 1];
    if (answer instanceof Error) throw answer;
    return (answer as Response).clone();
  };
  const patience: AskingLimits = { attempt: 31_000, total: 90_000 };
  const shell = {
    now: () => now,
    random: () => 1,
    sleep: async (milliseconds: number) => {
      slept.push(milliseconds);
      now += milliseconds;
    },
  };
  return serviceAt({
    endpoint,
    region: 'eu-central-1',
    keys,
    shell,
    patience,
    fetch: fetch as typeof globalThis.fetch,
  });
}

const json = (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers: { 'lessor-contract': contractText(CONTRACT), ...headers } });
const refused = (error: LessorError) => json(problemBody(error, 'r-1'), error.kind.status);
const empty = json({ pools: [] });
const busy = refused(new LessorError('service.busy', 'Too many', { remedy: 'repeat' }));

describe('a request', () => {
  it('is signed for the stage, and says which contract it speaks', async () => {
    await answering(empty).ask('listPools', { query: { vrf: 'red', limit: undefined } });
    const [{ url, init } = { url: '', init: {} }] = sent;
    expect(url).toBe(`${endpoint}/v1/pools?vrf=red`);
    expect(init).toMatchObject({ method: 'GET', redirect: 'manual' });
    expect(init.headers).toMatchObject({
      authorization: expect.stringMatching(
        /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/execute-api\/aws4_request, SignedHeaders=.*lessor-contract/,
      ),
      'x-amz-security-token': 'a token',
      'lessor-contract': contractText(CONTRACT),
    });
  });

  it('has its parameters encoded as they are signed', async () => {
    await answering(empty).ask('listPools', { query: { vrf: "a b+c/(d)'*" } });
    expect(sent[0]?.url).toBe(`${endpoint}/v1/pools?vrf=a%20b%2Bc%2F%28d%29%27%2A`);
  });

  it('names the version that it is for', async () => {
    const service = answering(refused(new LessorError('pool.changed', 'It has changed')));
    const change = service.ask('changePool', {
      path: { pool: 'a' },
      query: { vrf: 'default' },
      ifMatch: '"3"',
      body: { order: 1 },
    });
    await expect(change).rejects.toMatchObject({ code: 'pool.changed' });
    expect(sent[0]?.init).toMatchObject({ method: 'PATCH', headers: { 'if-match': '"3"' }, body: '{"order":1}' });
  });
});

describe('what may help is repeated', () => {
  it.each([
    ['a busy service', busy],
    ['a throttled API', json({ message: 'Too Many Requests' }, 429)],
    ['an API without an answer', json({ message: 'Service Unavailable' }, 503)],
    ['a connection that breaks', new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') })],
  ])('%s', async (_, answer) => {
    expect(await answering(answer, answer, empty).ask('listPools')).toEqual({ pools: [] });
    expect([sent.length, slept]).toEqual([3, [200, 400]]);
  });

  it('within its time, and with pauses that do not grow for ever', async () => {
    await expect(answering(busy).ask('listPools')).rejects.toMatchObject({ code: 'service.busy' });
    expect(Math.max(...slept)).toBe(5_000);
    const total = slept.reduce((sum, one) => sum + one, 0);
    expect(total).toBeLessThan(90_000);
    expect(total).toBeGreaterThan(80_000);
  });

  it.each([
    ['what waits for an address', new LessorError('pool.cooling', 'Only cooling ones')],
    ['a fault of the service', new LessorError('service.fault', 'It failed')],
    ['what is not so', new LessorError('pool.unknown', 'There is none')],
  ])('but not %s', async (_, error) => {
    await expect(answering(refused(error)).ask('listPools')).rejects.toMatchObject({ code: error.code });
    expect([sent.length, slept]).toEqual([1, []]);
  });
});

describe('an answer that is no success', () => {
  const messageOf = (answer: Response | Error) =>
    answering(answer)
      .ask('listPools')
      .then(String, (error: LessorError) => ({ code: error.code, text: error.message }));

  it('has the words, the remedy and the id of the service', async () => {
    const error = await answering(
      refused(new LessorError('pool.unknown', 'VRF a has no pool b', { remedy: 'it has c' })),
    )
      .ask('listPools')
      .catch((thrown: LessorError) => thrown);
    expect(error).toMatchObject({ what: 'VRF a has no pool b', remedy: 'it has c', facts: { requestId: 'r-1' } });
  });

  it.each<[string, Response, string, RegExp]>([
    [
      'who may not',
      json({ message: 'Forbidden' }, 403, { 'apigw-requestid': 'g-1' }),
      'auth.denied',
      /answered 403 \(request g-1\): sign as somebody who has the operator policy/,
    ],
    [
      'a wrong clock',
      json({}, 403, { date: 'Sat, 31 Jan 2026 11:50:00 GMT' }),
      'auth.denied',
      /this machine's clock is 10 minutes ahead: set it/,
    ],
    ['no such path', json({ message: 'Not Found' }, 404), 'route.unknown', /with its stage/],
    [
      'a REST API without the path',
      json({}, 403, { 'x-amzn-errortype': 'MissingAuthenticationTokenException' }),
      'route.unknown',
      /with its stage/,
    ],
    [
      'a redirect',
      new Response(null, { status: 302, headers: { location: 'https://elsewhere' } }),
      'request.invalid',
      /it redirects to https:\/\/elsewhere/,
    ],
    [
      'a service of another major version',
      json({}, 200, { 'lessor-contract': '2.0' }),
      'contract.version',
      /speaks version 2\.0 of the contract, lessorctl 1\./,
    ],
    ['something that is no answer', new Response('<html>'), 'service.fault', /something else than the contract says/],
    ['a pool without a name', json({ pools: [{}] }), 'service.fault', /\(at pools\.0\./],
  ])('%s', async (_, answer, code, text) => {
    expect(await messageOf(answer)).toEqual({ code, text: expect.stringMatching(text) });
  });

  it('never quotes what API Gateway says of a signature, which has the session token in it', async () => {
    const answer = json({ message: 'The request signature we calculated ... a token' }, 403);
    expect(JSON.stringify(await messageOf(answer))).not.toContain('a token');
  });
});

describe('a list', () => {
  const page = (pools: unknown[], nextCursor?: string) => json({ pools, ...(nextCursor && { nextCursor }) });

  it('is read to its last page, empty ones too, with the same parameters', async () => {
    const service = answering(page([], 'a'), page([], 'b'), page([]));
    let pages = 0;
    for await (const _ of service.pages('listPools', { query: { vrf: 'red' } })) pages += 1;
    expect(pages).toBe(3);
    expect(sent.map(({ url }) => new URL(url).search)).toEqual(['?vrf=red', '?vrf=red&cursor=a', '?vrf=red&cursor=b']);
  });

  it('that does not go on is a fault, and no endless loop', async () => {
    const pages = answering(page([], 'a')).pages('listPools');
    const read = async () => {
      for await (const _ of pages);
    };
    await expect(read()).rejects.toMatchObject({ code: 'service.fault' });
    expect(sent.length).toBe(2);
  });

  it('is asked for no further than it is read', async () => {
    for await (const _ of answering(page([], 'a')).pages('listPools')) break;
    expect(sent.length).toBe(1);
  });
});
