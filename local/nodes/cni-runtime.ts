/** Calls a CNI plugin as a container runtime does: environment variables and the configuration in, one JSON object out. */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';

export interface CniCall {
  readonly verb: 'ADD' | 'DEL' | 'CHECK' | 'GC' | 'STATUS' | 'VERSION';
  /** These three are left out for GC, STATUS and VERSION, which are about no container. */
  readonly containerId?: string;
  readonly ifname?: string;
  readonly netns?: string;
  /** One plugin's: a plugin of a list gets its name, its version and `prevResult` written into it by the runtime. */
  readonly configuration: { readonly type: string; readonly [field: string]: unknown };
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

export interface CniProcess {
  /** At once, as the kernel does it when memory runs out. False where it has ended already. */
  kill(): boolean;
  /** At once, with the plugins that it called. */
  killAll(): void;
  /** Not ok and without output where it was killed before it printed. */
  readonly ended: Promise<CniAnswer>;
}

export const callPlugin = (runtime: CniRuntime, call: CniCall): Promise<CniAnswer> => startPlugin(runtime, call).ended;

export function startPlugin(runtime: CniRuntime, call: CniCall): CniProcess {
  const { plugin, cniDirectory, namespace, environment } = runtime;
  const { verb, containerId, ifname, netns, configuration, args, cwd } = call;
  const executable = cniDirectory === undefined ? plugin : join(cniDirectory, configuration.type);
  // `ip` becomes the plugin, so that it is the plugin that is killed.
  const command = namespace === undefined ? [executable] : ['ip', 'netns', 'exec', namespace, executable];
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    ...environment,
    CNI_COMMAND: verb,
    ...(containerId === undefined ? {} : { CNI_CONTAINERID: containerId }),
    ...(ifname === undefined ? {} : { CNI_IFNAME: ifname }),
    ...(netns === undefined ? {} : { CNI_NETNS: netns }),
    CNI_PATH: [dirname(plugin), cniDirectory].filter((directory) => directory !== undefined).join(':'),
    CNI_ARGS: Object.entries({ IgnoreUnknown: '1', ...args })
      .map(([name, value]) => `${name}=${value}`)
      .join(';'),
  };
  const began = performance.now();
  const [file = '', ...words] = command;
  // A group of its own: it can be killed as a whole, and Ctrl-C leaves it to whoever called it.
  const child = spawn(file, words, { env, cwd, detached: true });
  const read = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (chunk: string) => {
      read[stream] += chunk;
    });
  }
  child.stdin.on('error', () => {}).end(JSON.stringify(configuration));
  const end = new Promise<number | null>((done, failed) => child.on('error', failed).on('close', done));
  const ended = end.then((status) => {
    const printed = status !== null && read.stdout.trim() !== '';
    const output = printed ? JSON.parse(read.stdout) : undefined;
    return { ok: status === 0, output, stderr: read.stderr, ms: performance.now() - began };
  });
  const killAll = () => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, 'SIGKILL');
  };
  return { kill: () => child.kill('SIGKILL'), killAll, ended };
}
