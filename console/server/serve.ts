/** The console's process on loopback: it serves the page, and asks the API with the caller's own credentials. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { most } from '../../core/contract/limits.ts';
import { LessorError } from '../../core/contract/problems.ts';
import type { Service } from '../../lessorctl/api/service.ts';
import { type Entrance, openEntrance } from './entrance.ts';
import { type FirstList, firstListOf } from './first-list.ts';
import { type PageFile, pageFiles } from './page-files.ts';
import { isOperatorRoute, type PageReply, repliesTo, replyTo } from './questions.ts';

/** What the page is told of where it is. No secret is among it. */
export interface ConsoleSettings {
  readonly endpoint: string;
  readonly vrf: string;
  readonly cluster?: string | undefined;
}

export interface ConsoleOptions extends ConsoleSettings {
  readonly service: Service;
  /** Of 127.0.0.1; 0 takes any free one. */
  readonly port: number;
}

export interface Console {
  /** With the token: for the person alone. */
  readonly address: string;
  /** The same with a token that holds once. */
  addressForBrowser(): string;
  stop(): Promise<void>;
}

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const HEADERS = {
  'content-security-policy': POLICY,
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

interface Room {
  readonly entrance: Entrance;
  readonly files: Readonly<Record<string, PageFile>>;
  readonly options: ConsoleOptions;
  readonly first: FirstList;
}

/** @throws LessorError service.unavailable where the port is taken */
export async function serveConsole(options: ConsoleOptions): Promise<Console> {
  const files = await pageFiles();
  const server = createServer();
  await listening(server, options.port);
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const entrance = openEntrance(host);
  const first = firstListOf(options);
  server.on('request', (request, response) => {
    answer({ entrance, files, options, first }, request, response).catch(() => response.destroy());
  });
  return {
    address: `http://${host}/?token=${entrance.token}`,
    addressForBrowser: () => `http://${host}/?token=${entrance.oneTimeToken()}`,
    stop: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((done, failed) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const remedy = 'end the program that has it, or choose another one (--port)';
      const what = `port ${port} of 127.0.0.1 cannot be used (${cause.code})`;
      failed(new LessorError('service.unavailable', what, { remedy, cause }));
    });
    server.listen(port, '127.0.0.1', () => done());
  });
}

async function answer(room: Room, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { entrance, files, options, first } = room;
  const say = (status: number, type: string, body: string | Uint8Array, more: Record<string, string> = {}) =>
    void response.writeHead(status, { ...HEADERS, 'content-type': type, ...more }).end(body);
  const deny = (status: number, why: string, more = {}) => say(status, 'text/plain; charset=utf-8', `${why}\n`, more);
  // To whoever has the token at once: a redirect would go out without the cookie, where another site or a file had the link.
  const sayPage = (more = {}) => {
    first.begin();
    say(200, 'text/html; charset=utf-8', withSettings(String(files['/']?.body), options), more);
  };
  if (!entrance.isHere(request.headers)) return deny(421, 'This is no host of the console.');
  const url = new URL(request.url ?? '/', 'http://console');
  const token = url.searchParams.get('token');
  if (request.method === 'GET' && url.pathname === '/' && token !== null) {
    const cookie = entrance.admit(token);
    // The page was loaded anew before its script had taken a spent token out of the address.
    if (cookie === undefined && entrance.isAdmitted(request.headers)) return sayPage();
    if (cookie === undefined) return deny(403, 'This address is not valid any more: lessorctl ui prints another one.');
    return sayPage({ 'set-cookie': cookie });
  }
  if (!entrance.isAdmitted(request.headers)) return deny(403, 'Open the address that lessorctl ui prints.');
  if (request.method === 'POST') {
    const [, kind, name = ''] = /^\/(ask|pages)\/(\w+)$/.exec(url.pathname) ?? [];
    if (!entrance.isOwnPage(request.headers)) return deny(403, 'Only the page of the console may ask.');
    if (request.headers['content-type'] !== 'application/json') return deny(415, 'A question is JSON.');
    if (!isOperatorRoute(name)) return deny(404, 'There is no such question.');
    const json = await bodyOf(request);
    if (json === undefined) return deny(413, 'The question is too long.', { connection: 'close' });
    if (kind === 'pages') return sayAll(response, first.begun(name, json) ?? repliesTo(options.service, name, json));
    const { status, body } = await replyTo(options.service, name, json);
    return say(status, 'application/json', JSON.stringify(body));
  }
  if (request.method !== 'GET') return deny(405, 'There is no such request.');
  if (url.pathname === '/') return sayPage();
  const file = files[url.pathname];
  return file === undefined ? deny(404, 'There is no such file.') : say(200, file.type, file.body);
}

/** A line for each, as it comes. Whoever reads no further ends it. */
async function sayAll(response: ServerResponse, replies: AsyncIterable<PageReply>): Promise<void> {
  response.writeHead(200, { ...HEADERS, 'content-type': 'application/x-ndjson' });
  async function* lines() {
    for await (const reply of replies) yield `${JSON.stringify(reply)}\n`;
  }
  await pipeline(Readable.from(lines()), response).catch(() => undefined);
}

/** In the page itself: to ask for them would take its time before anything is seen. */
function withSettings(page: string, { endpoint, vrf, cluster }: ConsoleSettings): string {
  const text = JSON.stringify({ endpoint, vrf, cluster } satisfies ConsoleSettings);
  const escaped = text.replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`);
  return page.replace('<div id="console">', () => `<div id="console" data-settings="${escaped}">`);
}

/** Undefined where it is longer than any question. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > most.largeBodyBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
