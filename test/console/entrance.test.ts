/** Who comes into the console's process, and what he may ask: nobody but its page, and nothing but an operator's questions. */
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { firstQuestion } from '../../console/first-question.ts';
import { type Console, serveConsole } from '../../console/server/serve.ts';
import { LessorError } from '../../core/contract/problems.ts';
import { routes } from '../../core/contract/routes.ts';
import type { Service } from '../../lessorctl/api/service.ts';

const asked: unknown[] = [];
const service = {
  async send(name: string, question: unknown) {
    asked.push([name, question]);
    if (name === 'usage')
      throw new LessorError('pool.unknown', 'there is no pool gone', { remedy: 'name another one' });
    if (name === 'forecast') throw new TypeError('secret details');
    return { status: 200, etag: '"7"', result: { pools: [] } };
  },
  async *pages(name: string, question: unknown) {
    asked.push([name, question]);
    yield { nodes: ['a'], nextCursor: 'a' };
    if (name === 'listDeaths') throw new LessorError('service.unavailable', 'the API cannot be reached');
    yield { nodes: ['b'] };
  },
} as unknown as Service;

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

let open: Console;
let host: string;
let cookie: string;

/** With any header that an attacker may write: fetch would not send another Host. */
const call = (path: string, method = 'GET', headers: Record<string, string> = {}, body?: string): Promise<Answer> =>
  new Promise((done, failed) => {
    const [, port] = host.split(':');
    const sent = request({ host: '127.0.0.1', port, path, method, headers: { host, ...headers } }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      answer.on('end', () => done({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }));
    });
    sent.on('error', failed).end(body);
  });

const page = () => ({ cookie, origin: `http://${host}`, 'content-type': 'application/json' });
const ask = (name: string, question: unknown = {}, headers: Record<string, string> = page()) =>
  call(`/ask/${name}`, 'POST', headers, JSON.stringify(question));

beforeAll(async () => {
  open = await serveConsole({ service, endpoint: 'https://api.example', vrf: 'default', port: 0 });
  host = new URL(open.address).host;
  const { search } = new URL(open.address);
  const answer = await call(`/${search}`);
  cookie = String(answer.headers['set-cookie']).split(';')[0] ?? '';
});
afterAll(() => open?.stop());

describe('the address that is printed', () => {
  it('is of this machine alone', () => expect(open.address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{32}$/));

  it('gives a session that no script reads and no other site sends, and the page', async () => {
    const answer = await call(`/${new URL(open.address).search}`);
    expect(String(answer.headers['set-cookie'])).toMatch(/; HttpOnly; SameSite=Strict; Path=\/$/);
    expect(answer.body).toContain('<div id="console"');
    expect(answer.body).not.toContain(new URL(open.address).searchParams.get('token'));
  });

  it('of the browser that is opened holds once', async () => {
    const { search } = new URL(open.addressForBrowser());
    expect((await call(`/${search}`)).status).toBe(200);
    expect((await call(`/${search}`)).status).toBe(403);
    // The page was loaded anew before its script took the address away.
    expect((await call(`/${search}`, 'GET', { cookie })).status).toBe(200);
  });

  it('is refused with another token', async () => {
    const answer = await call('/?token=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA');
    expect([answer.status, answer.headers['set-cookie']]).toEqual([403, undefined]);
  });
});

describe('the page', () => {
  it('is served with a policy under which nothing foreign runs, and is kept nowhere', async () => {
    const { status, headers } = await call('/', 'GET', { cookie });
    expect(status).toBe(200);
    expect(headers['content-security-policy']).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });

  it('asks for less than a megabyte', async () => {
    const paths = ['/', '/console.js', '/console.css', '/icon.svg', '/inter-latin-wght-normal.woff2'];
    const all = await Promise.all(paths.map((path) => call(path, 'GET', { cookie })));
    expect(all.map(({ status }) => status)).toEqual(paths.map(() => 200));
    const bytes = all.reduce((sum, { headers }) => sum + Number(headers['content-length'] ?? 0), 0);
    const sent = all.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0);
    expect(Math.max(bytes, sent)).toBeLessThan(1_000_000);
  });
});

const refused: readonly [who: string, call: () => Promise<Answer>, status: number][] = [
  ['a request without the session', () => ask('listPools', {}, { ...page(), cookie: '' }), 403],
  ['a request with another session', () => ask('listPools', {}, { ...page(), cookie: `${cookie}x` }), 403],
  ['the page without the session', () => call('/'), 403],
  ['the page’s script without the session', () => call('/console.js'), 403],
  ['a name that somebody’s DNS points here', () => call('/', 'GET', { cookie, host: 'evil.example' }), 421],
  ['this host at another port', () => call('/', 'GET', { cookie, host: '127.0.0.1:1' }), 421],
  [
    'localhost, whose cookies are others',
    () => call('/', 'GET', { cookie, host: `localhost:${host.split(':')[1]}` }),
    421,
  ],
  ['a question of another origin', () => ask('listPools', {}, { ...page(), origin: 'https://evil.example' }), 403],
  [
    'a question of no origin',
    () => call('/ask/listPools', 'POST', { cookie, 'content-type': 'application/json' }, '{}'),
    403,
  ],
  ['a question of a sandbox', () => ask('listPools', {}, { ...page(), origin: 'null' }), 403],
  ['a form', () => ask('listPools', {}, { ...page(), 'content-type': 'text/plain' }), 415],
  [
    'a list for another origin',
    () => call('/pages/listPools', 'POST', { ...page(), origin: 'https://evil.example' }, '{}'),
    403,
  ],
  ['a list without the session', () => call('/pages/listPools', 'POST', { ...page(), cookie: '' }, '{}'), 403],
  ['a list of a node’s question', () => call('/pages/ownLeases', 'POST', page(), '{}'), 404],
  ['a question that is none', () => ask('toString'), 404],
  ['a path beside the questions', () => call('/ask/../console.js', 'POST', page(), '{}'), 404],
  ['another method', () => call('/', 'PUT', page()), 405],
  ['a file of the disk', () => call('/../../etc/passwd', 'GET', { cookie }), 404],
  ['a question that is no JSON', () => call('/ask/listPools', 'POST', page(), '{'), 400],
  ['a question with more in it', () => ask('listPools', { headers: { authorization: 'x' } }), 422],
  ['a path of dots', () => ask('readPool', { path: { pool: '..' } }), 422],
  ['a question without an end', () => call('/ask/listPools', 'POST', page(), `"${'a'.repeat(2_000_000)}"`), 413],
];

describe('it refuses', () => {
  it.each(refused)('%s, and asks nothing', async (_, attempt, status) => {
    const before = asked.length;
    expect((await attempt()).status).toBe(status);
    expect(asked.length).toBe(before);
  });

  const ofNodes = Object.entries(routes).flatMap(([name, { caller }]) => (caller === 'operator' ? [] : [name]));
  it.each(ofNodes)('the question %s, which is a node’s', async (name) => {
    expect((await ask(name)).status).toBe(404);
  });
});

describe('a question of the page', () => {
  it.each(Object.entries(routes).flatMap(([name, { caller }]) => (caller === 'operator' ? [name] : [])))(
    '%s is asked as it is',
    async (name) => {
      const question = { query: { vrf: 'default' }, ifMatch: '"6"' };
      await ask(name, question);
      expect(asked.at(-1)).toEqual([name, question]);
    },
  );

  it('has the version of what it read in its answer', async () => {
    expect(JSON.parse((await ask('listPools')).body)).toEqual({ result: { pools: [] }, etag: '"7"' });
  });

  it('is refused in the words of the service', async () => {
    const { status, body } = await ask('usage', { path: { pool: 'gone' } });
    expect([status, JSON.parse(body)]).toMatchObject([404, { code: 'pool.unknown', remedy: 'name another one' }]);
  });

  it('tells nothing of a fault but that it is one', async () => {
    const { status, body } = await ask('forecast');
    expect([status, JSON.parse(body).code]).toEqual([500, 'service.fault']);
    expect(body).not.toContain('secret details');
  });
});

describe('a list for the page', () => {
  const list = async (name: string, question: unknown) => {
    const { status, body } = await call(`/pages/${name}`, 'POST', page(), JSON.stringify(question));
    const lines = body.trim().split('\n');
    return { status, lines: lines.map((line) => JSON.parse(line)) };
  };

  it('comes whole, a line for each page', async () => {
    expect(await list('listNodes', { query: { limit: '100' } })).toEqual({
      status: 200,
      lines: [
        { status: 200, body: { result: { nodes: ['a'], nextCursor: 'a' } } },
        { status: 200, body: { result: { nodes: ['b'] } } },
      ],
    });
    expect(asked.at(-1)).toEqual(['listNodes', { query: { limit: '100' } }]);
  });

  it('ends with the refusal, where it cannot be read to its end', async () => {
    expect((await list('listDeaths', {})).lines.at(-1)).toMatchObject({
      status: 503,
      body: { code: 'service.unavailable' },
    });
    expect((await list('listNodes', { headers: {} })).lines).toMatchObject([{ body: { code: 'request.invalid' } }]);
  });

  it('of pools is begun with the page, and once: the page finds it begun', async () => {
    await list('listPools', firstQuestion('default'));
    const before = asked.length;
    await call('/', 'GET', { cookie });
    expect(asked.slice(before)).toEqual([['listPools', firstQuestion('default')]]);
    await call('/', 'GET', { cookie });
    const { lines } = await list('listPools', firstQuestion('default'));
    expect([lines.length, asked.length]).toEqual([2, before + 1]);
    await list('listPools', firstQuestion('default'));
    await list('listPools', firstQuestion('lab'));
    expect(asked.length).toBe(before + 3);
  });
});

it('a port that is taken is said', async () => {
  const port = Number(host.split(':')[1]);
  await expect(serveConsole({ service, endpoint: '', vrf: 'default', port })).rejects.toThrow(
    /port \d+ .*cannot be used/,
  );
});
