/** Podman with the CNI backend on one node of a test. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onPath } from '../../local/nodes/node-network.ts';
import { busyboxArchive, missingBusybox } from './busybox.ts';
import { type Ended, missingForNamespaces, openNodeNamespaces } from './node-namespaces.ts';

/** The only image there is: busybox and nothing else, which sleeps. */
const IMAGE = 'localhost/busybox';

export interface Podman {
  /** `podman <words>`. */
  call(...words: string[]): Promise<Ended>;
  /** What `podman <words>` printed. @throws Error with what it said, where it failed */
  run(...words: string[]): Promise<string>;
  /** Creates and starts a container that sleeps, or runs `command`. */
  start(
    name: string,
    options?: { readonly flags?: readonly string[]; readonly command?: readonly string[] },
  ): Promise<Ended>;
  /** Ends every container, and whatever else runs. */
  stop(): Promise<void>;
}

/** What is missing for `openPodman`, and how to get it. */
export function missingForPodman(): string[] {
  const missing: string[] = [];
  if (!onPath('podman')) missing.push('Podman with CNI (apt-get install podman)');
  if (!onPath('crun')) missing.push('crun (apt-get install crun)');
  return [...missing, ...missingForNamespaces(), ...missingBusybox()];
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
  writeFileSync(at('image.tar'), busyboxArchive(at('image')));
  for (const name of ['containers', 'networks']) mkdirSync(at(name));
  for (const [file, text] of [
    [`networks/${network.name}.conflist`, JSON.stringify(network)],
    ['containers/containers.conf', containersConf(at('networks'), pluginDirectories)],
    ['containers/storage.conf', STORAGE],
    ['containers/policy.json', JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] })],
  ] as const)
    writeFileSync(at(file), text);

  const namespaces = await openNodeNamespaces(namespace, [
    ...['/run', '/var/lib', '/dev/shm'].map((path) => `mount -t tmpfs none ${path}`),
    'mkdir -p /run/netns /run/lock',
    // Podman cleans up behind a container that ended in a process which is told nothing: it has to find all that it needs.
    `mount --bind ${at('containers')} /etc/containers`,
    // In place of whatever mixture the machine has: crun refuses some, and no container is put in one.
    'mount -t cgroup2 none /sys/fs/cgroup',
  ]);

  const env = { PATH: process.env.PATH, HOME: directory, TMPDIR: directory };
  const call = (...words: string[]) => namespaces.call(['podman', ...words], env);
  const run = async (...words: string[]) => {
    const { ok, stdout, stderr } = await call(...words);
    if (!ok) throw new Error(`podman ${words.join(' ')}: ${stderr}`);
    return stdout.trim();
  };
  try {
    await run('import', '--quiet', '--change', 'CMD ["/busybox","sleep","86400"]', at('image.tar'), IMAGE);
  } catch (error) {
    await namespaces.close();
    throw error;
  }
  return {
    call,
    run,
    start: (name, { flags = [], command = [] } = {}) =>
      call('run', '--detach', '--name', name, '--network', network.name, ...flags, IMAGE, ...command),
    stop: namespaces.close,
  };
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
