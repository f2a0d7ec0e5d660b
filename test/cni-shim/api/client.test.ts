/** With a clock that only moves when the client waits, and an API made of a list of answers. */
import { describe, expect, test } from 'vitest';
import { apiClient, type Calls } from '../../../cni-shim/api/client.ts';
import { DEFAULT_LIMITS } from '../../../cni-shim/api/time-limits.ts';
import type { CredentialSupply } from '../../../cni-shim/aws/credentials.ts';
import { cniError } from '../../../cni-shim/cni/result.ts';
import { machine, type Surroundings } from '../../../cni-shim/machine/surroundings.ts';
import type { GiveBackRequest } from '../../../core/contract/blocks.ts';
import type { AllocateRequest, ReportRequest } from '../../../core/contract/lease.ts';
import { LessorError, type ProblemCode, problemBody, problems } from '../../../core/contract/problems.ts';
import type { ReadinessRequest } from '../../../core/contract/questions.ts';
import { routes } from '../../../core/contract/routes.ts';
import { CONTRACT, contractText } from '../../../core/contract/version.ts';

type Reply = (init: RequestInit) => Promise<Response> | Response;

const attachment = { network: 'net', containerId: 'c1', ifname: 'eth0' };
const started = Date.parse('2026-01-01T00:00:00Z');
const released = (): Response => Response.json({ released: [] });
const gateway =
  (status: number, message: string, headers = {}) =>
  () =>
    Response.json({ message }, { status, headers });
const problem = (code: ProblemCode) => () => {
  const body = problemBody(new LessorError(code, `${code} happened: do something`), 'request-9');
  return Response.json(body, { status: body.status });
};

interface Setting {
  readonly credentials?: CredentialSupply;
  /** Milliseconds that each request takes. */
  readonly takes?: number;
}

function release(replies: Reply[], { credentials, takes = 10 }: Setting = {}) {
  const sent: { at: number; url: string; headers: Record<string, string> }[] = [];
  let now = started;
  const surroundings: Surroundings = {
    ...machine({}),
    now: () => now,
    random: () => 0.999,
    sleep: async (milliseconds) => {
      now += milliseconds;
    },
    fetch: (async (url: URL, init: RequestInit) => {
      sent.push({ at: now - started, url: url.href, headers: init.headers as Record<string, string> });
      now += takes;
      const reply = replies.length > 1 ? replies.shift() : replies[0];
      return reply?.(init);
    }) as typeof fetch,
  };
  const fixed: CredentialSupply = {
    get: async () => ({ credentials: { accessKeyId: 'AKID', secretAccessKey: 'S' }, cached: false }),
  };
  const api = apiClient({
    endpoint: new URL('https://api.example.com/prod/'),
    region: 'r',
    credentials: credentials ?? fixed,
    surroundings,
  });
  const outcome = api.release({ attachment, acknowledged: false }).then(
    (result) => ({ result, error: undefined }),
    (error: unknown) => ({ result: undefined, error: cniError(error, '1.0.0') }),
  );
  return { outcome, sent, elapsed: () => now - started };
}

describe('the client', () => {
  test('asks where the contract says, below the path of the endpoint', async () => {
    const { outcome, sent } = release([released]);
    expect((await outcome).result).toEqual({ released: [] });
    expect(sent.map(({ url }) => url)).toEqual(['https://api.example.com/prod/v1/releases']);
  });

  test.each<[keyof Calls, (api: Calls) => Promise<unknown>]>([
    ['allocate', (api) => api.allocate(() => ({}) as AllocateRequest)],
    ['release', (api) => api.release({ attachment, acknowledged: false })],
    ['giveBack', (api) => api.giveBack({} as GiveBackRequest)],
    ['report', (api) => api.report({} as ReportRequest)],
    ['batch', (api) => api.batch({ items: [] })],
    ['ownLeases', (api) => api.ownLeases()],
    ['check', (api) => api.check({ attachment })],
    ['readiness', (api) => api.readiness({} as ReadinessRequest)],
    ['heartbeat', (api) => api.heartbeat({ boot: 'b' })],
    ['goodbye', (api) => api.goodbye({ boot: 'b', incarnation: 1 })],
  ])('sends %s as the table of routes has it', async (name, send) => {
    const asked: unknown[] = [];
    const surroundings = {
      ...machine({}),
      fetch: async (url: URL, { method }: RequestInit) => {
        asked.push([method, url.pathname]);
        return new Response('', { status: 404 });
      },
    } as unknown as Surroundings;
    const credentials = {
      get: async () => ({ credentials: { accessKeyId: 'a', secretAccessKey: 's' }, cached: false }),
    };
    const api = apiClient({ endpoint: new URL('http://h'), region: 'r', credentials, surroundings });
    await expect(send(api)).rejects.toMatchObject({ code: 'route.unknown' });
    expect(asked).toEqual([[routes[name].method, routes[name].path]]);
  });

  const speaking = (version: string, body: object) => () =>
    Response.json(body, { headers: { 'lessor-contract': version } });

  test('says which version of the contract it speaks', async () => {
    const { outcome, sent } = release([released]);
    await outcome;
    expect(sent[0]?.headers).toMatchObject({ 'lessor-contract': contractText(CONTRACT) });
  });

  test.each<[string, Reply]>([
    ['that says no version', released],
    ['of an older minor version', speaking('1.0', { released: [] })],
    [
      'of a newer minor version, with fields that it does not know',
      speaking('1.99', { released: [], later: { x: 1 } }),
    ],
    ['whose version is no version', speaking('new', { released: [] })],
  ])('understands a service %s', async (_, reply) => {
    expect((await release([reply]).outcome).result).toEqual({ released: [] });
  });

  test('understands no other major version, and says so at once', async () => {
    const { outcome, sent } = release([speaking('2.0', { released: [] })]);
    const { error } = await outcome;
    expect(error).toMatchObject({ code: 7, msg: expect.stringContaining('2.0') });
    expect(error?.msg).toContain(contractText(CONTRACT));
    expect(sent).toHaveLength(1);
  });

  test.each<[string, Reply]>([
    ['a throttled call', gateway(429, 'Too Many Requests')],
    ['an internal error', gateway(500, 'Internal Server Error')],
    ['an unavailable service', gateway(503, 'Service Unavailable')],
    ['a busy service', problem('service.busy')],
    ['a broken connection', () => Promise.reject(new TypeError('fetch failed'))],
    ['an attempt that took too long', () => Promise.reject(new DOMException('late', 'TimeoutError'))],
  ])('repeats %s', async (_, reply) => {
    const { outcome, sent } = release([reply, reply, released]);
    expect((await outcome).error).toBeUndefined();
    expect(sent).toHaveLength(3);
  });

  test.each<[string, Record<string, string>]>([
    ['without an end', {}],
    [
      'that is longer than a client keeps, whatever its compressed length',
      { 'content-length': '9', 'content-encoding': 'gzip' },
    ],
  ])('reads no answer %s, and asks only once', async (_, headers) => {
    const piece = new Uint8Array(1 << 20).fill(0x20);
    let pieces = 0;
    let ended = false;
    const body = new ReadableStream<Uint8Array>({
      pull: (to) => {
        // The most that memory would hold here: a client that reads on is told so.
        if (pieces++ > 64) return to.error(new Error('it read on'));
        to.enqueue(piece);
      },
      cancel: () => {
        ended = true;
      },
    });
    const { outcome, sent } = release([() => new Response(body, { headers })]);
    expect((await outcome).error).toMatchObject({
      code: 11,
      msg: expect.stringContaining('answered what the contract does not know'),
    });
    expect([sent.length, ended]).toEqual([1, true]);
  });

  test('reads an answer whose length was told', async () => {
    const text = JSON.stringify({ released: [] });
    const headers = { 'content-length': String(text.length) };
    const { outcome, sent } = release([() => new Response(text, { headers })]);
    expect((await outcome).error).toBeUndefined();
    expect(sent).toHaveLength(1);
  });

  test('gives up within 20 seconds, and says 11', async () => {
    const { outcome, elapsed, sent } = release([gateway(503, 'Service Unavailable')]);
    expect((await outcome).error).toMatchObject({ code: 11, msg: expect.stringContaining('answered 503') });
    expect(elapsed()).toBeLessThanOrEqual(DEFAULT_LIMITS.total);
    expect(sent.length).toBeGreaterThan(8);
    const pauses = sent.slice(1).map(({ at }, index) => at - (sent[index]?.at ?? 0));
    expect(Math.max(...pauses)).toBeLessThan(2_100);
  });

  test('waits 4 seconds for an answer at most, less where the 20 seconds end before', async () => {
    const { outcome, sent, elapsed } = release([() => Promise.reject(new DOMException('late', 'TimeoutError'))], {
      takes: 4_000,
    });
    expect((await outcome).error?.msg).toMatch(/cannot be reached \(it did not answer within \d+ ms\)/);
    expect(sent).toHaveLength(5);
    expect(elapsed()).toBeLessThanOrEqual(DEFAULT_LIMITS.total + DEFAULT_LIMITS.attempt);
  });

  test('ends an attempt by itself where the API keeps silent', async () => {
    const silent: Reply = ({ signal }) =>
      new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)));
    const surroundings = { ...machine({}), fetch: ((_: URL, init: RequestInit) => silent(init)) as typeof fetch };
    const credentials: CredentialSupply = {
      get: async () => ({ credentials: { accessKeyId: 'A', secretAccessKey: 'B' }, cached: false }),
    };
    const limits = { attempt: 20, total: 50 };
    const api = apiClient({ endpoint: new URL('http://h'), region: 'r', credentials, surroundings, limits });
    await expect(api.release({ attachment, acknowledged: false })).rejects.toMatchObject({
      code: 'service.unavailable',
    });
  });

  test.each<[string, Reply, number, RegExp]>([
    [
      'an exhausted pool',
      problem('pool.exhausted'),
      101,
      /pool\.exhausted happened: do something \(request request-9\)/,
    ],
    ['a pool that cools', problem('pool.cooling'), 11, /pool\.cooling happened/],
    ['ranges that conflict', problem('pool.conflict'), 7, /pool\.conflict happened/],
    [
      'a denied call',
      gateway(403, 'Forbidden', { 'apigw-requestid': 'abc=' }),
      103,
      /answered 403 \(request abc=\).*node's role/,
    ],
    ['a path that nobody serves', gateway(404, 'Not Found'), 7, /check the path of endpoint/],
    [
      'a path that a REST API does not serve',
      gateway(403, 'Missing Authentication Token', {
        'x-amzn-errortype': 'MissingAuthenticationTokenException',
        'x-amzn-requestid': 'rest-1',
      }),
      7,
      /answered 403 \(request rest-1\).*with its stage/,
    ],
    [
      'a private API that is not behind this VPC endpoint, or has no such stage',
      gateway(403, 'Forbidden', { 'x-amzn-errortype': 'ForbiddenException' }),
      103,
      /check host and stage of endpoint .*admits this VPC endpoint/,
    ],
    [
      'a REST API that denies the caller',
      gateway(403, 'User: x is not authorized to perform: execute-api:Invoke', {
        'x-amzn-errortype': 'AccessDeniedException',
      }),
      103,
      /node policy of the Lessor stack/,
    ],
    [
      'a redirection',
      () => new Response(null, { status: 302, headers: { location: 'https://x/' } }),
      7,
      /redirects to https:\/\/x\//,
    ],
    [
      'a proxy that answers something',
      () => new Response('<html>', { status: 200 }),
      11,
      /what the contract does not know/,
    ],
    ['an answer of another shape', () => Response.json({ released: 'all' }), 11, /what the contract does not know/],
    ['a code from the future', () => Response.json({ code: 'pool.haunted' }, { status: 409 }), 7, /answered 409/],
  ])('does not repeat %s', async (_, reply, code, text) => {
    const { outcome, sent } = release([reply]);
    const { error } = await outcome;
    expect(error?.code).toBe(code);
    expect(`${error?.msg}: ${error?.details}`).toMatch(text);
    expect(sent).toHaveLength(1);
  });

  test.each<[string, object, string, string]>([
    [
      'both apart',
      { detail: 'Pool blue is exhausted: delete pods', remedy: 'delete pods' },
      'lessor: Pool blue is exhausted',
      'delete pods (request r-1)',
    ],
    [
      'one text, as an older service does',
      { detail: 'Pool blue is exhausted: delete pods' },
      'lessor: The pool has no free address',
      'Pool blue is exhausted: delete pods (request r-1)',
    ],
    [
      'a remedy that the detail does not end with',
      { detail: 'Pool blue is exhausted', remedy: 'delete pods' },
      'lessor: The pool has no free address',
      'Pool blue is exhausted (request r-1)',
    ],
    [
      'nothing',
      { detail: ' ', remedy: 7 },
      'lessor: The pool has no free address',
      'the service says no more (request r-1)',
    ],
  ])('shows what is wrong and what to do of a problem that has %s', async (_, texts, msg, details) => {
    const { outcome } = release([
      () => Response.json({ code: 'pool.exhausted', requestId: 'r-1', ...texts }, { status: 409 }),
    ]);
    expect((await outcome).error).toMatchObject({ code: 101, msg, details });
  });

  test('knows of every problem whether to repeat it', async () => {
    const apart: ProblemCode[] = ['pool.cooling', 'address.cooling', 'address.held', 'identity.held'];
    for (const code of Object.keys(problems) as ProblemCode[]) {
      const { outcome, sent } = release([problem(code)]);
      const repeated = problems[code].retry && !apart.includes(code);
      expect((await outcome).error?.code).toBe(problems[code].cni);
      expect(sent.length > 1, code).toBe(repeated);
    }
  });

  test("says by how much the node's clock is wrong", async () => {
    const date = new Date(started + 30 * 60_000).toUTCString();
    const { outcome } = release([gateway(403, 'Signature expired', { date })]);
    expect((await outcome).error).toMatchObject({
      code: 103,
      details: expect.stringContaining('clock is 30 minutes behind'),
    });
  });

  test('passes nothing on of what API Gateway says about a signature', async () => {
    const { outcome } = release([gateway(403, 'The Canonical String was x-amz-security-token:TOKEN')]);
    expect(JSON.stringify((await outcome).error)).not.toContain('TOKEN');
  });

  test('tries fresh credentials once where cached ones are denied', async () => {
    const asked: boolean[] = [];
    const credentials: CredentialSupply = {
      async get({ fresh }) {
        asked.push(fresh);
        return { credentials: { accessKeyId: fresh ? 'NEW' : 'OLD', secretAccessKey: 'S' }, cached: !fresh };
      },
    };
    const denied = gateway(403, 'Forbidden');
    const healed = release([denied, released], { credentials });
    expect((await healed.outcome).error).toBeUndefined();
    expect(healed.sent.map(({ headers }) => /Credential=(\w+)/.exec(headers.authorization ?? '')?.[1])).toEqual([
      'OLD',
      'NEW',
    ]);
    const lost = release([denied], { credentials });
    expect((await lost.outcome).error?.code).toBe(103);
    expect(lost.sent).toHaveLength(2);
    expect(asked).toEqual([false, true, false, true]);
  });
});
