/** The small API server on a port: for the agent with its token, for kubectl with every right. A test decides what befalls a request. */
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type ApiServer, type Incoming, type Outgoing, statusOf } from './api-server.ts';

const called = promisify(execFile);
const OPERATOR = 'an-operator-with-every-right';

export interface ServedApi {
  readonly port: number;
  /** `token` and, where it is secure, `ca.crt`, as kubelet mounts them. */
  readonly directory: string;
  /** That is taken now. */
  token: string;
  /** Consulted for what the agent asks. */
  fate: (incoming: Incoming) => 'answer' | 'hang' | Outgoing;
  /** Writes it where the agent reads it. */
  writeToken(token: string): void;
  /** What kubectl prints. */
  describe(...what: string[]): Promise<string>;
  stop(): Promise<void>;
}

export const noKubectl = (): string[] =>
  spawnSync('kubectl', ['version', '--client']).error === undefined ? [] : ['kubectl'];

export async function serveApi(api: ApiServer, secure = false): Promise<ServedApi> {
  const directory = mkdtempSync(join(tmpdir(), 'lessor-kubernetes-'));
  const listener: RequestListener = async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const incoming: Incoming = {
      method: request.method ?? '',
      path: request.url ?? '',
      contentType: request.headers['content-type'],
      ...(text === '' ? {} : { body: JSON.parse(text) }),
    };
    const outgoing = answerTo(request.headers.authorization, incoming);
    if (outgoing === 'hang') return;
    response.writeHead(outgoing.status, { 'content-type': 'application/json' }).end(JSON.stringify(outgoing.object));
  };
  const server = secure ? createSecureServer(certificate(directory), listener) : createServer(listener);
  function answerTo(authorization: string | undefined, incoming: Incoming): Outgoing | 'hang' {
    if (authorization !== `Bearer ${served.token}` && (secure || authorization !== undefined))
      return authorization === `Bearer ${OPERATOR}`
        ? api.answer(incoming)
        : statusOf(401, 'Unauthorized', 'Unauthorized');
    if (authorization === undefined) return api.answer(incoming);
    const fate = served.fate(incoming);
    return fate === 'answer' ? api.asAgent(incoming) : fate;
  }
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const served: ServedApi = {
    port,
    directory,
    token: 'token-1-that-must-never-be-logged',
    fate: () => 'answer',
    writeToken: (token) => writeFileSync(join(directory, 'token'), `${token}\n`),
    describe: async (...what) => {
      const config = join(directory, 'kubectl');
      mkdirSync(config, { recursive: true });
      const security = secure ? [`--certificate-authority=${join(directory, 'ca.crt')}`, `--token=${OPERATOR}`] : [];
      const { stdout } = await called(
        'kubectl',
        [
          `--server=${secure ? 'https' : 'http'}://127.0.0.1:${port}`,
          ...security,
          `--cache-dir=${config}`,
          'describe',
          ...what,
        ],
        { timeout: 50_000, env: { PATH: process.env.PATH, HOME: config, KUBECONFIG: '/dev/null' } },
      );
      return stdout;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      rmSync(directory, { recursive: true, force: true });
    },
  };
  served.writeToken(served.token);
  return served;
}

/** openssl makes it; it is its own authority. */
function certificate(directory: string) {
  const [key, cert] = [join(directory, 'server.key'), join(directory, 'ca.crt')];
  const subject = ['-subj', '/CN=kubernetes', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const call = ['req', '-x509', ...curve, '-nodes', '-keyout', key, '-out', cert, '-days', '2', ...subject];
  execFileSync('openssl', call, { stdio: 'ignore' });
  return { key: readFileSync(key), cert: readFileSync(cert) };
}
