/**
 * ministack, an AWS on this machine: CloudFormation, Lambda, API Gateway, DynamoDB and IAM, which it enforces here. It serves
 * TLS, since the bucket of `cdk bootstrap` refuses whatever comes without.
 */
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { AccessKeys } from '../../local/aws/identities.ts';

/** The environment that install.sh makes. */
export const python = resolve('node_modules/.cache/deployment/python/bin/python');

export interface Ministack {
  /** With TLS, by the certificate below. */
  readonly endpoint: string;
  /** The same without TLS, for callers that cannot be told which certificate to trust. */
  readonly plainEndpoint: string;
  /** Path of the certificate that is to be trusted. */
  readonly certificate: string;
  readonly region: string;
  readonly account: string;
  /** Of the account's root user, whom no policy binds. */
  readonly root: AccessKeys;
  /** What it wrote, the functions' output included. */
  log(): string;
  /** Ends it and each environment of a function. */
  stop(): Promise<void>;
}

const ACCOUNT = '123456789012';
const REGION = 'eu-central-1';
const UP_WITHIN_MS = 30_000;

/** @param directory where it keeps what it writes. @throws Error with its log, where it does not come up */
export async function startMinistack(directory: string): Promise<Ministack> {
  if (!existsSync(python)) throw new Error('ministack is not installed: bash test/deployment/install.sh');
  const { certificate, key } = makeCertificate(directory);
  const [port, plainPort] = [await freePort(), await freePort()];
  const secretAccessKey = randomBytes(24).toString('hex');
  const bind = ['--bind', `127.0.0.1:${port}`, '--insecure-bind', `127.0.0.1:${plainPort}`];
  // Not its own command, which would take port 443 as well.
  const served = ['-m', 'hypercorn', 'ministack.app:app', ...bind, '--certfile', certificate, '--keyfile', key];
  const logFile = join(directory, 'ministack.log');
  const log = openSync(logFile, 'w');
  const { PATH = '' } = process.env;
  const child = spawn(python, served, {
    cwd: directory,
    // A group of its own: the environments of functions are its children.
    detached: true,
    stdio: ['ignore', log, log],
    env: {
      PATH,
      HOME: directory,
      TMPDIR: directory,
      AUTH: 'true',
      GATEWAY_PORT: String(port),
      USE_SSL: '1',
      MINISTACK_SSL_CERT: certificate,
      MINISTACK_SSL_KEY: key,
      MINISTACK_ACCOUNT_ID: ACCOUNT,
      MINISTACK_REGION: REGION,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    },
  });
  const ended = new Promise<void>((done) => child.once('close', () => done()));
  const end = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended already.
    }
  };
  process.once('exit', end);
  const plainEndpoint = `http://127.0.0.1:${plainPort}`;
  const read = () => readFileSync(logFile, 'utf8');
  const stop = async () => {
    process.removeListener('exit', end);
    end();
    await ended;
  };
  if (!(await isUp(`${plainEndpoint}/_ministack/health`, () => child.exitCode !== null))) {
    await stop();
    throw new Error(`ministack did not come up:\n${read()}`);
  }
  return {
    endpoint: `https://127.0.0.1:${port}`,
    plainEndpoint,
    certificate,
    region: REGION,
    account: ACCOUNT,
    root: { accessKeyId: ACCOUNT, secretAccessKey },
    log: read,
    stop,
  };
}

async function isUp(url: string, hasEnded: () => boolean): Promise<boolean> {
  for (const until = Date.now() + UP_WITHIN_MS; Date.now() < until && !hasEnded(); await delay(100)) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return true;
  }
  return false;
}

/** Of this run alone, for the loopback address. */
function makeCertificate(directory: string): { certificate: string; key: string } {
  const tls = join(directory, 'tls');
  mkdirSync(tls);
  const [certificate, key] = [join(tls, 'certificate.pem'), join(tls, 'key.pem')];
  const forWhom = ['-subj', '/CN=ministack', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const newKey = ['-newkey', 'rsa:2048', '-nodes', '-keyout', key];
  execFileSync('openssl', ['req', '-x509', '-days', '2', ...newKey, ...forWhom, '-out', certificate], {
    stdio: 'pipe',
  });
  return { certificate, key };
}

function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer().once('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => done(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
