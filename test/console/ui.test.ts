/** `lessorctl ui`: it serves the page with the caller's credentials as long as it runs, and ends with what it began. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { control, signAs } from '../lessorctl/control.ts';

const SECRET = 'secret-of-the-operator';
const seen: { readonly path: string; readonly signed: string }[] = [];
let api: Server;
let env: Record<string, string>;

beforeAll(async () => {
  api = createServer(({ url = '', headers }, answer) => {
    seen.push({ path: url, signed: headers.authorization ?? '' });
    answer.writeHead(200, { 'content-type': 'application/json' }).end('{"pools":[]}');
  }).listen(0, '127.0.0.1');
  await new Promise((done) => api.once('listening', done));
  env = { LESSOR_ENDPOINT: `http://127.0.0.1:${(api.address() as AddressInfo).port}`, AWS_REGION: 'eu-central-1' };
  signAs({ accessKeyId: 'AKIDOPERATOR', secretAccessKey: SECRET });
});
afterAll(() => api?.close());

/** As the browser would: with the cookie of the address. */
async function asPage(address: string) {
  const { origin } = new URL(address);
  const cookie = (await fetch(address)).headers.get('set-cookie')?.split(';')[0] ?? '';
  const read = async (path: string) => (await fetch(`${origin}${path}`, { headers: { cookie } })).text();
  const headers = { cookie, origin, 'content-type': 'application/json' };
  const ask = (name: string) => fetch(`${origin}/ask/${name}`, { method: 'POST', headers, body: '{}' });
  return { read, ask };
}

it('prints its address, asks with the caller’s credentials, shows the page none of them, and ends when interrupted', async () => {
  let address = '';
  const opened: string[][] = [];
  const outcome = control('ui', {
    env,
    columns: 80,
    pauses: 1,
    execute: async (program, args) => {
      opened.push([program, ...args]);
      return { code: 0, stdout: '', stderr: '' };
    },
    onPause: async () => {
      address = opened[0]?.[1] ?? '';
      const { read, ask } = await asPage(address);
      expect(await read('/')).toContain('<title>Lessor</title>');
      expect((await ask('listPools')).status).toBe(200);
      expect(seen.at(-1)?.signed).toContain('AKIDOPERATOR');
      const told = [await read('/console.js'), await read('/')].join();
      expect(told).not.toContain(SECRET);
      expect(told).not.toContain('AKIDOPERATOR');
    },
  });
  const { stdout } = await outcome;
  expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{32}\n$/);
  expect(opened).toEqual([['xdg-open', address]]);
  expect(stdout).not.toContain(new URL(address).searchParams.get('token'));
  await expect(fetch(stdout.trim())).rejects.toThrow();
});

it.each(['--no-open', ''])('opens no browser with %j where nobody looks', async (option) => {
  const opened: string[] = [];
  const execute = async (program: string) => {
    opened.push(program);
    return undefined;
  };
  const columns = option === '' ? {} : { columns: 80 };
  await control(`ui ${option}`, { env, execute, pauses: 0, ...columns });
  expect(opened).toEqual([]);
});

it.each([
  ['ui --port 70000', {}, 21, '--port "70000" is no port'],
  ['ui', { LESSOR_ENDPOINT: 'http://127.0.0.1:9' }, 30, 'cannot be reached'],
])('%s is refused before there is a page', async (line, other, code, text) => {
  let looks = 0;
  const now = () => 100_000 * looks++;
  const outcome = await control(line, { env: { ...env, ...other }, now, pauses: 3 });
  expect(outcome).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(text) });
});
