/** One call of an executable as a whole process; of a CNI plugin, as a runtime makes it. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Plugin {
  readonly executable: string;
  /** Beside what the specification names. */
  readonly env: Readonly<Record<string, string>>;
  /** The `ipam` section. */
  readonly ipam: object;
}

/** Calls whatever it is, and resolves to the milliseconds from the start of the process to its end. */
export type Call = () => Promise<number>;

/** For an executable that reads nothing. */
export const runs =
  (executable: string, ...args: readonly string[]): Call =>
  () =>
    took(executable, args, {}, '');

export const calls = ({ executable, env, ipam }: Plugin, verb: string, container = 'benchmark'): Call => {
  const variables = {
    CNI_COMMAND: verb,
    CNI_CONTAINERID: container,
    CNI_IFNAME: 'eth0',
    CNI_NETNS: '/var/run/netns/benchmark',
    CNI_PATH: '/usr/lib/cni',
    CNI_ARGS: 'IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=benchmark;K8S_POD_UID=1',
  };
  // A network of its own: where two configurations share one, each asks anew which pool it means.
  const stdin = JSON.stringify({ cniVersion: '1.0.0', name: `of-${container}`, type: 'bridge', ipam });
  const newest = stdin.replace('1.0.0', '1.1.0');
  return () => took(executable, [], { ...env, ...variables }, verb === 'STATUS' ? newest : stdin);
};

/** @throws Error where the process fails */
function took(
  executable: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  input: string,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const child = spawn(executable, args, { env: { ...env }, cwd: '/', stdio: ['pipe', 'pipe', 'inherit'] });
    let milliseconds = Number.NaN;
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
    });
    child.once('error', reject);
    child.once('exit', () => {
      milliseconds = performance.now() - begun;
    });
    child.once('close', (code) => {
      if (code === 0) resolve(milliseconds);
      else reject(new Error(`${executable} failed (${code}): ${printed}`));
    });
    // Who reads nothing may be gone already.
    child.stdin.on('error', () => undefined).end(input);
  });
}

/** Of each call for the container, in the order of the calls: what the plugin's log says. */
export function requestsOf(log: string, container: string): number[] {
  const lines = readFileSync(log, 'utf8').trim().split('\n');
  const records = lines.map((line) => JSON.parse(line) as { container?: string; attempts: number });
  return records.filter((one) => one.container === container).map(({ attempts }) => attempts);
}
