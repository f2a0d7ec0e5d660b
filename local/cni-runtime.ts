/** Calls a CNI plugin as a container runtime does: environment variables and the configuration in, one JSON object out. */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';

export interface CniCall {
  readonly verb: 'ADD' | 'DEL';
  readonly containerId: string;
  readonly ifname: string;
  readonly netns: string;
  readonly configuration: { readonly type: string; readonly ipam: { readonly type: string } };
  /** `K8S_POD_NAMESPACE=…` and the like. */
  readonly args?: Readonly<Record<string, string>>;
  /** The working directory, which must not matter. */
  readonly cwd?: string;
}

export interface CniAnswer {
  readonly ok: boolean;
  /** The result of an ADD, or the CNI error object; undefined where nothing was printed. */
  readonly output: unknown;
  readonly stderr: string;
  readonly ms: number;
}

/** Where a node's runtime finds plugins and which environment it gives them. */
export interface CniRuntime {
  /** The compiled `lessor` executable. */
  readonly plugin: string;
  /** Directory of the reference plugins; undefined: `lessor` is called alone, without a plugin that makes interfaces. */
  readonly cniDirectory: string | undefined;
  /** The network namespace that the node is. */
  readonly namespace: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
}

export async function callPlugin(runtime: CniRuntime, call: CniCall): Promise<CniAnswer> {
  const { plugin, cniDirectory, namespace, environment } = runtime;
  const executable = cniDirectory === undefined ? plugin : join(cniDirectory, call.configuration.type);
  const command = namespace === undefined ? [executable] : ['ip', 'netns', 'exec', namespace, executable];
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    ...environment,
    CNI_COMMAND: call.verb,
    CNI_CONTAINERID: call.containerId,
    CNI_IFNAME: call.ifname,
    CNI_NETNS: call.netns,
    CNI_PATH: [dirname(plugin), cniDirectory].filter((directory) => directory !== undefined).join(':'),
    CNI_ARGS: Object.entries({ IgnoreUnknown: '1', ...call.args })
      .map(([name, value]) => `${name}=${value}`)
      .join(';'),
  };
  const began = performance.now();
  const [file = '', ...words] = command;
  const child = spawn(file, words, { env, cwd: call.cwd });
  const read = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (chunk: string) => {
      read[stream] += chunk;
    });
  }
  child.stdin.on('error', () => {}).end(JSON.stringify(call.configuration));
  const status = await new Promise<number | null>((done, failed) => child.on('error', failed).on('close', done));
  const output = read.stdout.trim() === '' ? undefined : JSON.parse(read.stdout);
  return { ok: status === 0, output, stderr: read.stderr, ms: performance.now() - began };
}
