/**
 * Podman with the CNI backend on one node of a test: in a mount and a process namespace of its own beside the node's network
 * namespace, so that it leaves nothing on this machine, and everything that it started ends with it.
 */
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onPath } from '../../local/nodes/node-network.ts';

/** The only image there is: busybox and nothing else, which sleeps. */
const IMAGE = 'localhost/busybox';

export interface PodmanAnswer {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Podman {
  /** `podman <words>`. */
  call(...words: string[]): Promise<PodmanAnswer>;
  /** What `podman <words>` printed. @throws Error with what it said, where it failed */
  run(...words: string[]): Promise<string>;
  /** Creates and starts a container that sleeps, or runs `command`. */
  start(
    name: string,
    options?: { readonly flags?: readonly string[]; readonly command?: readonly string[] },
  ): Promise<PodmanAnswer>;
  /** Ends every container, and whatever else runs. */
  stop(): Promise<void>;
}

/** What is missing for `openPodman`, and how to get it. */
export function missingForPodman(): string[] {
  const missing: string[] = [];
  if (!onPath('podman')) missing.push('Podman with CNI (apt-get install podman)');
  if (!onPath('crun')) missing.push('crun (apt-get install crun)');
  if (['unshare', 'nsenter'].some((command) => !onPath(command)))
    missing.push('util-linux (apt-get install util-linux)');
  if (staticBusybox() === undefined) missing.push('a static busybox (apt-get install busybox-static)');
  return missing;
}

/** Runs where there is nothing else, as in the image. */
function staticBusybox(): string | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'lessor-busybox-'));
  try {
    return ['/bin/busybox', '/usr/bin/busybox'].find((path) => {
      if (spawnSync('cp', [path, join(directory, 'busybox')], { stdio: 'ignore' }).status !== 0) return false;
      return spawnSync('chroot', [directory, '/busybox', 'true'], { stdio: 'ignore' }).status === 0;
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

export interface PodmanPlace {
  /** The node's network namespace. */
  readonly namespace: string;
  /** An empty directory that whoever asks removes. */
  readonly directory: string;
  /** Where CNI plugins are looked for. */
  readonly pluginDirectories: readonly string[];
  /** The configuration list of the one network. */
  readonly network: { readonly name: string; readonly [field: string]: unknown };
}

export async function openPodman({ namespace, directory, pluginDirectories, network }: PodmanPlace): Promise<Podman> {
  const at = (name: string) => join(directory, name);
  writeFileSync(at('image.tar'), image(at('image')));
  for (const name of ['containers', 'networks']) mkdirSync(at(name));
  for (const [file, text] of [
    [`networks/${network.name}.conflist`, JSON.stringify(network)],
    ['containers/containers.conf', containersConf(at('networks'), pluginDirectories)],
    ['containers/storage.conf', STORAGE],
    ['containers/policy.json', JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] })],
  ] as const)
    writeFileSync(at(file), text);

  const machine = [
    ...['/run', '/var/lib', '/dev/shm'].map((path) => `mount -t tmpfs none ${path}`),
    'mkdir -p /run/netns /run/lock',
    // Podman cleans up behind a container that ended in a process which is told nothing: it has to find all that it needs.
    `mount --bind ${at('containers')} /etc/containers`,
    // In place of whatever mixture the machine has: crun refuses some, and no container is put in one.
    'mount -t cgroup2 none /sys/fs/cgroup',
    'echo ready',
    'read end',
  ].join(' && ');
  const unshare = ['unshare', '--mount', '--pid', '--kill-child', '--mount-proc', '--propagation', 'private'];
  const holder = spawn('nsenter', [`--net=/var/run/netns/${namespace}`, ...unshare, 'sh', '-c', machine], {
    cwd: '/',
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const over = new Promise<void>((done) => holder.once('close', () => done()));
  await new Promise<void>((ready, failed) => {
    holder.stdout.once('data', () => ready());
    holder.once('error', failed).once('close', (code) => failed(new Error(`Podman's namespaces ended with ${code}`)));
  });

  const inside = (name: string, file: string) => `--${name}=/proc/${holder.pid}/ns/${file}`;
  const enter = [inside('mount', 'mnt'), inside('net', 'net'), inside('pid', 'pid_for_children')];
  const env = { PATH: process.env.PATH, HOME: directory, TMPDIR: directory };
  const call = (...words: string[]) => ended('nsenter', [...enter, 'podman', ...words], env);
  const run = async (...words: string[]) => {
    const { ok, stdout, stderr } = await call(...words);
    if (!ok) throw new Error(`podman ${words.join(' ')}: ${stderr}`);
    return stdout.trim();
  };
  const stop = async () => {
    holder.stdin.end();
    await over;
  };
  try {
    await run('import', '--quiet', '--change', 'CMD ["/busybox","sleep","86400"]', at('image.tar'), IMAGE);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    call,
    run,
    start: (name, { flags = [], command = [] } = {}) =>
      call('run', '--detach', '--name', name, '--network', network.name, ...flags, IMAGE, ...command),
    stop,
  };
}

/** A tar archive. @param directory to be made, for what goes into it */
function image(directory: string): Buffer {
  mkdirSync(directory);
  copyFileSync(staticBusybox() ?? 'busybox', join(directory, 'busybox'));
  const { status, stdout, stderr } = spawnSync('tar', ['-C', directory, '-c', '.'], { maxBuffer: 2 ** 26 });
  if (status !== 0) throw new Error(`tar: ${stderr}`);
  return stdout;
}

/** The limits of this process: Podman's own are higher than root may set where it is not allowed everything. */
function limits(): string[] {
  const own = readFileSync('/proc/self/limits', 'utf8');
  const limit = (title: string) => new RegExp(`^${title} +\\S+ +(\\d+)`, 'm').exec(own)?.[1] ?? '-1';
  const [files, processes] = [limit('Max open files'), limit('Max processes')];
  return [`nofile=${files}:${files}`, `nproc=${processes}:${processes}`];
}

const containersConf = (networks: string, pluginDirectories: readonly string[]) => `
[containers]
cgroups = "disabled"
# What busybox's ping needs.
default_capabilities = ["NET_RAW"]
default_ulimits = ${JSON.stringify(limits())}
log_driver = "k8s-file"
[engine]
runtime = "crun"
cgroup_manager = "cgroupfs"
events_logger = "none"
[network]
network_backend = "cni"
cni_plugin_dirs = ${JSON.stringify(pluginDirectories)}
network_config_dir = "${networks}"
`;

const STORAGE = `
[storage]
driver = "vfs"
graphroot = "/var/lib/containers/storage"
runroot = "/run/containers/storage"
`;

function ended(file: string, words: string[], env: NodeJS.ProcessEnv): Promise<PodmanAnswer> {
  const child = spawn(file, words, { env, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
  const read = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (chunk: string) => {
      read[stream] += chunk;
    });
  }
  return new Promise((done, failed) => {
    child.once('error', failed).once('close', (code) => done({ ok: code === 0, ...read }));
  });
}
