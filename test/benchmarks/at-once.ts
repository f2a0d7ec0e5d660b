/** Many processes of a CNI plugin at once, as after a node's start. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Crowd {
  readonly executable: string;
  readonly env: Readonly<Record<string, string>>;
  /** What each reads on standard input. */
  readonly stdin: string;
  readonly count: number;
  /** With which the containers' ids begin; their numbers follow. */
  readonly prefix?: string;
}

export interface Came {
  /** Milliseconds from the start of the first process to the end of the last. */
  readonly wallMs: number;
  /** Of the processor, of all processes together. */
  readonly cpuMs: number;
  /** What each printed. */
  readonly printed: readonly string[];
}

/** A shell is small: a fork of this process would cost more than some plugins take. */
const SCRIPT = `
n=0
while [ $n -lt "$COUNT" ]; do
  CNI_CONTAINERID="$PREFIX$n" "$EXECUTABLE" <"$DIRECTORY/stdin" >"$DIRECTORY/$n" 2>&1 &
  started="$started $!"
  n=$((n + 1))
done
for process in $started; do wait "$process" || echo "$process" >>"$DIRECTORY/failed"; done
times`;

/** @throws Error with what one of them printed, where any failed */
export async function atOnce({ executable, env, stdin, count, prefix = 'c' }: Crowd): Promise<Came> {
  const directory = mkdtempSync(join(tmpdir(), 'lessor-bench-'));
  try {
    writeFileSync(join(directory, 'stdin'), stdin);
    const asked = { COUNT: String(count), PREFIX: prefix, EXECUTABLE: executable, DIRECTORY: directory };
    const begun = performance.now();
    const said = await shell({ PATH: '/usr/bin:/bin', ...env, ...asked });
    const wallMs = performance.now() - begun;
    const printed = Array.from({ length: count }, (_, n) => readFileSync(join(directory, String(n)), 'utf8'));
    if (existsSync(join(directory, 'failed'))) {
      const failed = readFileSync(join(directory, 'failed'), 'utf8').trim().split('\n').length;
      const why = printed.find((text) => text.includes('"code"')) ?? printed.join('\n').slice(0, 500);
      throw new Error(`${failed} of ${count} processes of ${executable} failed: ${why}`);
    }
    return { wallMs, cpuMs: cpuMsOf(said), printed };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function shell(env: Record<string, string>): Promise<string> {
  const child = spawn('sh', ['-c', SCRIPT], { env, stdio: ['ignore', 'pipe', 'inherit'], cwd: '/' });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const code = await new Promise<number | null>((done, failed) => child.once('error', failed).once('close', done));
  if (code !== 0) throw new Error(`the shell that starts the processes ended with ${code}`);
  return said;
}

/** Of `times`: the last line has user and system time of the children, as `0m1.230s`. */
function cpuMsOf(said: string): number {
  const line = said.trim().split('\n').at(-1) ?? '';
  return [...line.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1000,
    0,
  );
}

/** The addresses of ADDs. @throws Error where two are the same: then nothing here was worth measuring */
export function addressesOf({ printed }: Came): string[] {
  const addresses = printed.map((text) => {
    const { ips } = JSON.parse(text) as { ips: readonly { readonly address: string }[] };
    return ips[0]?.address ?? '';
  });
  if (new Set(addresses).size < addresses.length || addresses.includes(''))
    throw new Error(`not ${addresses.length} different addresses: ${addresses.join(', ')}`);
  return addresses;
}
