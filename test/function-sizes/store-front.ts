/**
 * DynamoDB as a function in Lambda sees it: behind TLS, and it answers after 4 ms. Behind it is DynamoDB Local, which shares this
 * machine's processors with what is measured: what it answered to a read is kept until that partition is written, so that a pool
 * of 65,536 leases does not wait for it.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

const ANSWERS_AFTER_MS = 4;

export interface StoreFront {
  /** What a function needs in its environment to find it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Of the requests since the last time: how many, and how many of them DynamoDB Local kept waiting. */
  answered(): { readonly all: number; readonly late: number };
  /** What was written past it is seen from now on. */
  forget(): void;
  stop(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** @param directory for the certificate; openssl makes it */
export async function startFront(dynamodb: string, directory: string): Promise<StoreFront> {
  const [key, cert] = ['front.key', 'front.pem'].map((name) => join(directory, name)) as [string, string];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  execFileSync(
    'openssl',
    ['req', '-x509', ...curve, '-nodes', '-keyout', key, '-out', cert, '-days', '2', ...subject],
    {
      stdio: 'ignore',
    },
  );
  const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  const { answerTo, forget } = keptAnswers();
  let [all, late] = [0, 0];
  const server = https.createServer({ key: readFileSync(key), cert: readFileSync(cert) }, async (request, response) => {
    const arrived = performance.now();
    const body = await bodyOf(request);
    const target = String(request.headers['x-amz-target']);
    const answer = await answerTo(target, body, () => passedOn(dynamodb, agent, request.headers, body));
    const left = ANSWERS_AFTER_MS - (performance.now() - arrived);
    all += 1;
    if (left < 0) late += 1;
    const send = () => response.writeHead(answer.status, headersOf(answer)).end(answer.body);
    if (left > 0) setTimeout(send, left);
    else send();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    environment: {
      AWS_ENDPOINT_URL_DYNAMODB: `https://localhost:${(server.address() as AddressInfo).port}`,
      NODE_EXTRA_CA_CERTS: cert,
    },
    forget,
    answered: () => {
      const count = { all, late };
      [all, late] = [0, 0];
      return count;
    },
    stop: async () => {
      agent.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A read by its body, with its partition; a write of a partition forgets what was read of it. */
function keptAnswers() {
  const partitions = new Map<string, Map<string, Answer>>();
  const forget = () => partitions.clear();
  const answerTo = async (target: string, body: Buffer, ask: () => Promise<Answer>): Promise<Answer> => {
    const text = body.toString();
    const { TableName, Key, Item, ExpressionAttributeValues } = JSON.parse(text);
    const pk = (Key ?? Item)?.pk?.S ?? ExpressionAttributeValues?.[':pk']?.S;
    if (pk === undefined) return ask();
    const of = `${TableName} ${pk}`;
    if (!/\.(Query|GetItem)$/.test(target)) {
      partitions.delete(of);
      // What was asked for before the write, and is answered after it, is not kept either.
      return ask().finally(() => partitions.delete(of));
    }
    const known = partitions.get(of) ?? new Map<string, Answer>();
    partitions.set(of, known);
    const answer = known.get(text) ?? (await ask());
    if (answer.status === 200) known.set(text, answer);
    return answer;
  };
  return { answerTo, forget };
}

async function bodyOf(message: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function passedOn(
  dynamodb: string,
  agent: http.Agent,
  { host, connection, ...headers }: http.IncomingHttpHeaders,
  body: Buffer,
): Promise<Answer> {
  const asked = http.request(dynamodb, { method: 'POST', agent, headers }).end(body);
  const [response] = (await once(asked, 'response')) as [http.IncomingMessage];
  return { status: response.statusCode ?? 500, headers: response.headers, body: await bodyOf(response) };
}

const headersOf = ({ headers: { connection, 'transfer-encoding': _, ...headers }, body }: Answer) => ({
  ...headers,
  'content-length': body.length,
});
