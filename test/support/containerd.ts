/** containerd on one node of a test, with one image that is made here, and driven through CRI. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { arch } from 'node:os';
import { join } from 'node:path';
import { onPath } from '../../local/nodes/node-network.ts';
import { archive, busyboxArchive, missingBusybox } from './busybox.ts';
import { type Cri, openCri } from './cri.ts';
import { missingForNamespaces, type NodeNamespaces, openNodeNamespaces, type Running } from './node-namespaces.ts';

/** What keeps a sandbox's namespaces: busybox, which sleeps. */
const PAUSE = 'localhost/pause:test';
/** Where it keeps what it is to know after a start. */
const ROOT = '/var/lib/containerd';
/** Kills what keeps a sandbox, and who watches over it. */
const END_SANDBOXES = `for process in /proc/[0-9]*; do
  case $(readlink $process/exe) in */containerd-shim*|*/busybox) kill -KILL \${process#/proc/};; esac
done`;
const STARTS_WITHIN_MS = 15_000;

export interface Containerd {
  readonly cri: Cri;
  readonly namespaces: NodeNamespaces;
  /** With no time to put anything in order. What it started goes on running. */
  kill(): Promise<void>;
  /** After `kill`: ends what it had started, and takes away what it knew. */
  forget(): Promise<void>;
  /** After `kill`. @returns when it answers and its network is ready */
  start(): Promise<void>;
  /** What runc was told of a running sandbox: its process inside the node, and the name of its network namespace. */
  inside(id: string): Promise<{ readonly pid: string; readonly netns: string }>;
  /** Ends every sandbox, and whatever else runs. */
  stop(): Promise<void>;
}

/** What is missing for `openContainerd`, and how to get it. */
export function missingForContainerd(): string[] {
  const missing: string[] = [];
  if (['containerd', 'ctr'].some((command) => !onPath(command)))
    missing.push('containerd (apt-get install containerd)');
  if (!onPath('runc')) missing.push('runc (apt-get install runc)');
  return [...missing, ...missingForNamespaces(), ...missingBusybox()];
}

/**
 * The newest CNI version with which containerd and the reference plugins work here. From 1.1.0 on containerd asks the plugins
 * for STATUS, from its own version 2.0 on.
 */
export function newestCniVersion(cniDirectory: string): '1.0.0' | '1.1.0' {
  const { stdout } = spawnSync('containerd', ['--version'], { encoding: 'utf8' });
  const major = Number(/ v?(\d+)\.\d+\.\d+/.exec(stdout)?.[1]);
  const asked = spawnSync(join(cniDirectory, 'bridge'), {
    env: { CNI_COMMAND: 'VERSION' },
    input: JSON.stringify({ cniVersion: '1.0.0' }),
    encoding: 'utf8',
  });
  const { supportedVersions } = JSON.parse(asked.stdout) as { supportedVersions: string[] };
  return major >= 2 && supportedVersions.includes('1.1.0') ? '1.1.0' : '1.0.0';
}

export interface ContainerdNode {
  /** The node's network namespace. */
  readonly namespace: string;
  /** An empty directory that whoever asks removes. */
  readonly directory: string;
  /** Where CNI plugins are. */
  readonly pluginDirectories: readonly string[];
  /** Configuration lists. A sandbox is in the network that its runtime handler names. */
  readonly networks: readonly [Network, ...Network[]];
}

interface Network {
  readonly name: string;
  readonly [field: string]: unknown;
}

export async function openContainerd(node: ContainerdNode): Promise<Containerd> {
  const { namespace, directory, pluginDirectories, networks } = node;
  const at = (name: string) => join(directory, name);
  for (const network of networks) {
    mkdirSync(at(network.name));
    writeFileSync(at(`${network.name}/10-${network.name}.conflist`), JSON.stringify(network));
  }
  // It looks in one directory.
  mkdirSync(at('bin'));
  for (const from of pluginDirectories)
    for (const plugin of readdirSync(from)) symlinkSync(join(from, plugin), at(`bin/${plugin}`));
  writeFileSync(at('config.toml'), config(node));
  writeFileSync(at('pause.tar'), pauseImage(at('pause')));
  const cgroup = `lessor-test-${process.pid}`;
  const namespaces = await openNodeNamespaces(namespace, [
    ...['/run', '/var/lib', '/dev/shm'].map((path) => `mount -t tmpfs none ${path}`),
    'mkdir -p /run/netns /run/lock',
    // All that runc makes is made in one cgroup, whatever mixture the machine has.
    'mount -t cgroup2 none /sys/fs/cgroup',
    `mkdir -p /sys/fs/cgroup/${cgroup}`,
    `mount --bind /sys/fs/cgroup/${cgroup} /sys/fs/cgroup`,
  ]);
  const cri = openCri(at('containerd.sock'));
  let running: Running | undefined;
  const start = async () => {
    running = await namespaces.start(at('containerd.log'), 'containerd', '--config', at('config.toml'));
    await answering(cri, at('containerd.log'));
    await namespaces.run('ctr', '-a', at('containerd.sock'), '-n', 'k8s.io', 'images', 'import', at('pause.tar'));
  };
  const stop = async () => {
    cri.close();
    await namespaces.close();
    removeCgroup(cgroup);
  };
  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  const inside = async (id: string) => {
    const bundle = `/run/containerd/io.containerd.runtime.v2.task/k8s.io/${id}`;
    const { linux } = JSON.parse(await namespaces.run('cat', `${bundle}/config.json`)) as OciConfig;
    const netns = linux.namespaces.find(({ type }) => type === 'network')?.path ?? '';
    return { pid: await namespaces.run('cat', `${bundle}/init.pid`), netns: netns.slice(netns.lastIndexOf('/') + 1) };
  };
  const forget = async () => {
    await namespaces.run('sh', '-c', END_SANDBOXES);
    await namespaces.run('rm', '-r', ROOT);
  };
  return { cri, namespaces, start, stop, kill: async () => running?.kill('KILL'), forget, inside };
}

/** OCI runtime specification, config.json: what is read of it. */
interface OciConfig {
  readonly linux: { readonly namespaces: readonly { readonly type: string; readonly path?: string }[] };
}

/** @throws Error with the end of the log, where it does not come up in time */
async function answering(cri: Cri, log: string): Promise<void> {
  const until = Date.now() + STARTS_WITHIN_MS;
  for (;;) {
    const { NetworkReady = false } = await cri.conditions().catch(() => ({}) as Record<string, boolean>);
    if (NetworkReady) return;
    if (Date.now() > until)
      throw new Error(`containerd is not ready: ${readFileSync(log, 'utf8').split('\n').slice(-5).join('\n')}`);
    await new Promise((again) => setTimeout(again, 100));
  }
}

/** Those of sandboxes that were ended with their namespaces are left, and empty. */
function removeCgroup(name: string): void {
  const root = '/sys/fs/cgroup';
  const script = `mount -t cgroup2 none ${root} && find ${root}/${name} -depth -type d -exec rmdir {} ';'`;
  spawnSync('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script], { stdio: 'ignore' });
}

/** As `docker save` writes it: a tar archive with a layer, its configuration, and a list of images. */
function pauseImage(directory: string): Buffer {
  mkdirSync(directory);
  const layer = busyboxArchive(join(directory, 'root'));
  const image = join(directory, 'image');
  mkdirSync(image);
  writeFileSync(join(image, 'layer.tar'), layer);
  const digest = createHash('sha256').update(layer).digest('hex');
  const architecture = arch() === 'x64' ? 'amd64' : arch();
  const about = {
    architecture,
    os: 'linux',
    config: { Entrypoint: ['/busybox', 'sleep', '86400'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] },
  };
  writeFileSync(join(image, 'config.json'), JSON.stringify(about));
  const list = [{ Config: 'config.json', RepoTags: [PAUSE], Layers: ['layer.tar'] }];
  writeFileSync(join(image, 'manifest.json'), JSON.stringify(list));
  return archive(image);
}

/** Version 2 is read by containerd 1.3 and newer, 2.x too. The `opt` plugin would make a directory in /opt. */
function config({ directory, networks }: ContainerdNode): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  const handlers = networks.map(
    ({ name }) => `
[${cri}.containerd.runtimes.${name}]
  runtime_type = "io.containerd.runc.v2"
  cni_conf_dir = "${join(directory, name)}"`,
  );
  return `
version = 2
root = "${ROOT}"
state = "/run/containerd"
disabled_plugins = ["io.containerd.internal.v1.opt"]
[grpc]
  address = "${join(directory, 'containerd.sock')}"
[${cri}]
  sandbox_image = "${PAUSE}"
  # There are no controllers, and root may lack the right to change its own score.
  disable_cgroup = true
  restrict_oom_score_adj = true
[${cri}.cni]
  bin_dir = "${join(directory, 'bin')}"
  conf_dir = "${join(directory, networks[0].name)}"
[${cri}.containerd]
  snapshotter = "native"
[${cri}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
${handlers.join('\n')}
`;
}
