import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { json, text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPlugin } from '../../cni-shim/build/build.ts';
import type { AccessKeys } from '../../local/aws/identities.ts';
import { demoNetwork } from '../../local/demo/demo-network.ts';
import { callPlugin } from '../../local/nodes/cni-runtime.ts';
import { writeNodeFiles } from '../../local/nodes/node-files.ts';
import { type LocalStack, startStack } from '../../local/stack/stack.ts';
import { buildRelease, PLATFORMS } from '../../release/release.ts';
import { machineUnderNode } from '../support/machine-under-node.ts';
import { available } from '../support/prerequisite.ts';
import { noHelm, objectsIn, objectsOf, render, renderTest } from './helm.ts';
import { type Container, type Pod, podOf } from './privileges.ts';

const RECIPE = fileURLToPath(new URL('../../deploy/image/Containerfile', import.meta.url));
const MANIFEST = fileURLToPath(new URL('../../deploy/manifests/generic.yaml', import.meta.url));
const LIBRARIES = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;
const GNU = ['libc.so.6', 'libdl.so.2', 'libm.so.6', 'libpthread.so.0'];
const ARM64_LIBRARIES = '/usr/aarch64-linux-gnu/lib';
const MUSL = ['lib/ld-musl-x86_64.so.1', 'usr/lib/libgcc_s.so.1', 'usr/lib/libstdc++.so.6'];

const missing = [
  ...['podman', 'unshare', 'crun'].filter((tool) => spawnSync(tool, ['--version']).error !== undefined),
  ...(process.getuid?.() === 0 ? [] : ['root']),
  ...(existsSync(`${LIBRARIES}/libc.so.6`) ? [] : [`${LIBRARIES}/libc.so.6`]),
];

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The stack answers in this very process: nothing here may wait for the command alone. */
async function ended(command: string, argv: readonly string[]): Promise<Ended> {
  const child = spawn(command, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: code as number | null, out, err };
}

function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();
}

describe.skipIf(!available('the image', missing))('the image', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lessor-test-'));
  const at = (...path: string[]) => join(directory, ...path);

  /** With cgroups of one version: crun refuses the mixture that some machines have. */
  const inNamespace = (args: readonly string[]): [string, string[]] => {
    const call = ['podman', '--root', at('storage'), '--runroot', at('run'), ...args];
    return ['unshare', ['--mount', 'sh', '-c', 'mount -t cgroup2 none /sys/fs/cgroup && exec "$@"', 'sh', ...call]];
  };

  function podman(...args: string[]): string {
    const { status, stdout, stderr } = spawnSync(...inNamespace(args), { encoding: 'utf8' });
    if (status !== 0) throw new Error(`podman ${args.join(' ')}: ${stderr}`);
    return stdout.trim();
  }

  /** As the chart runs it: its file system read-only, root without a capability but these. */
  const asPod = (name: string, capabilities: readonly string[], flags: readonly string[]) => [
    ...[
      'run',
      '--rm',
      '--name',
      name,
      '--cgroups',
      'disabled',
      '--network',
      'host',
      '--read-only',
      '--cap-drop',
      'all',
    ],
    // The limits that podman would raise, which a machine may not let it.
    ...['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024', '--security-opt', 'no-new-privileges'],
    ...capabilities.map((capability) => `--cap-add=${capability}`),
    ...flags,
    'localhost/lessor-gnu',
  ];

  /** An image of these files, in place of one that would have to be pulled. */
  function base(name: string, arch: string, fill: (root: string) => void): void {
    const root = at(name, 'root');
    mkdirSync(root, { recursive: true });
    fill(root);
    writeFileSync(at(name, 'Containerfile'), 'FROM scratch\nCOPY root /\n');
    const platform = `linux/${arch === 'x64' ? 'amd64' : arch}`;
    podman('build', '--quiet', '--platform', platform, '--tag', `localhost/${name}`, at(name));
  }

  /** What the recipe makes of the bases and the release, as a directory. */
  function built(target: 'gnu' | 'musl', arch: string = process.arch): string {
    const name = arch === process.arch ? target : `${target}-${arch}`;
    const image = `localhost/lessor-${name}`;
    const platform = `linux/${arch === 'x64' ? 'amd64' : arch}`;
    const values = [`ARCH=${arch}`, `GLIBC=localhost/glibc-${arch}`, 'MUSL=localhost/alpine'];
    const given = values.flatMap((value) => ['--build-arg', value]);
    podman('build', '-f', RECIPE, '--platform', platform, '--target', target, ...given, '--tag', image, at('release'));
    podman('create', '--name', name, image);
    podman('export', '--output', at(`${name}.tar`), name);
    podman('rm', name);
    mkdirSync(at(name));
    spawnSync('tar', ['-xf', at(`${name}.tar`), '-C', at(name)]);
    return at(name);
  }

  /** Debian's C library, as it lies in Debian's image. */
  function glibc(arch: string, from: string): void {
    const libraries = `/usr/lib/${arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;
    base(`glibc-${arch}`, arch, (root) => {
      mkdirSync(join(root, libraries), { recursive: true });
      const loader = readdirSync(from).filter((name) => /^ld-linux-.*\.so\.\d$/.test(name));
      for (const name of [...GNU, 'libresolv.so.2', ...loader])
        cpSync(join(from, name), join(root, libraries, name), { dereference: true });
    });
  }

  beforeAll(async () => {
    const executable = await buildPlugin();
    mkdirSync(at('release'));
    cpSync(executable.path, at('release', `lessor-linux-${process.arch}-gnu`));
    // There is no musl to run on: only where its files come to lie can be seen here.
    writeFileSync(at('release', `lessor-linux-${process.arch}-musl`), 'musl');
    glibc(process.arch, LIBRARIES);
    base('alpine', process.arch, (root) => {
      for (const file of [...MUSL, 'bin/busybox']) {
        mkdirSync(join(root, file, '..'), { recursive: true });
        writeFileSync(join(root, file), file);
      }
    });
  });

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  function expectNothingBut(root: string): void {
    const found = filesIn(root);
    const loaders = found.filter((file) => /^lib(64)?\/ld-linux-/.test(file));
    expect(loaders.length).toBeGreaterThan(0);
    expect(found).toEqual([...loaders, ...GNU.map((name) => `lib/${name}`), 'lessor'].sort());
  }

  it('holds the executable with its C library, and nothing else', () => {
    expectNothingBut(built('gnu'));
  });

  const emulation = [
    ...(spawnSync('qemu-aarch64', ['--version']).error === undefined ? [] : ['qemu-aarch64 (Debian: qemu-user)']),
    ...(existsSync(`${ARM64_LIBRARIES}/ld-linux-aarch64.so.1`) ? [] : ['libc6-arm64-cross']),
  ];
  it.skipIf(process.arch === 'arm64' || !available('the image for arm64', emulation))(
    'is built for arm64 too, with what the executable needs to answer there',
    async () => {
      const arm64 = PLATFORMS.find(({ target }) => target === 'bun-linux-arm64');
      if (arm64 === undefined) throw new Error('a release has nothing for arm64');
      const plugin = 'lessor-linux-arm64-gnu';
      const { bun, target } = arm64;
      await buildRelease({ out: at('release-arm64'), platforms: [{ bun, target, plugin }] });
      cpSync(at('release-arm64', plugin), at('release', plugin));
      glibc('arm64', ARM64_LIBRARIES);
      const root = built('gnu', 'arm64');
      expectNothingBut(root);
      const { stdout } = spawnSync('qemu-aarch64', ['-L', root, join(root, 'lessor')], {
        env: { CNI_COMMAND: 'VERSION' },
        encoding: 'utf8',
      });
      expect(JSON.parse(stdout)).toMatchObject({ supportedVersions: expect.arrayContaining(['1.0.0']) });
    },
    600_000,
  );

  it('answers as the plugin, with a file system that it may not write and without a capability', () => {
    const answer = podman(...asPod('plugin', [], ['--env', 'CNI_COMMAND=VERSION']));
    expect(JSON.parse(answer)).toMatchObject({ supportedVersions: expect.arrayContaining(['1.0.0']) });
  });

  it('installs on a host what the manifest names, and takes it away again', () => {
    const [install] = podOf(objectsIn(readFileSync(MANIFEST, 'utf8'))).initContainers;
    if (install === undefined) throw new Error('the manifest installs nothing');
    const host = at('host');
    const mounted = ['opt/cni/bin', 'etc/lessor', 'etc/cni/net.d'];
    for (const path of mounted) mkdirSync(join(host, path), { recursive: true });
    const conflist = at('conflist', '10-pods.conflist');
    mkdirSync(at('conflist'));
    const plugin = { type: 'bridge', ipam: { type: 'lessor' } };
    writeFileSync(conflist, JSON.stringify({ cniVersion: '1.0.0', name: 'pods', plugins: [plugin] }));
    const volumes = [...mounted.map((path) => `${join(host, path)}:/host/${path}`), `${at('conflist')}:/conflist:ro`];
    const run = (...args: string[]) =>
      podman(
        ...asPod(
          'install',
          install.securityContext.capabilities?.add ?? [],
          volumes.flatMap((one) => ['--volume', one]),
        ),
        ...args,
      );

    run(...install.args, '--conf-dir=/etc/cni/net.d', '--conflist=/conflist/10-pods.conflist');
    expect(filesIn(host)).toEqual([
      'etc/cni/net.d/10-pods.conflist',
      'etc/lessor/installed.json',
      'etc/lessor/node.json',
      'opt/cni/bin/lessor',
    ]);
    expect(JSON.parse(readFileSync(join(host, 'etc/lessor/node.json'), 'utf8'))).toEqual({
      endpoint: 'https://your-api-id.execute-api.your-region.amazonaws.com',
      dataDir: '/var/lib/cni/lessor',
    });
    const plugged = spawnSync(join(host, 'opt/cni/bin/lessor'), { env: { CNI_COMMAND: 'VERSION' }, input: '{}' });
    expect(plugged.status).toBe(0);

    run('uninstall', '--root=/host', '--bin-dir=/opt/cni/bin', '--config=/etc/lessor/node.json');
    expect(filesIn(host)).toEqual(['etc/lessor/node.json']);
  });

  it('runs the agent as the manifest does, until it is stopped', async () => {
    const [agent] = podOf(objectsIn(readFileSync(MANIFEST, 'utf8'))).containers;
    if (agent === undefined) throw new Error('the manifest has no agent');
    for (const name of ['etc', 'data', 'netns']) mkdirSync(at(name));
    writeFileSync(at('etc', 'credentials'), '[default]\naws_access_key_id = AKID\naws_secret_access_key = secret\n');
    const credentials = { file: '/etc/lessor/credentials' };
    const api = createServer().listen(0, '127.0.0.1');
    const asked = once(api, 'request') as Promise<[IncomingMessage, ServerResponse]>;
    await once(api, 'listening');
    const endpoint = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
    writeFileSync(at('etc', 'node.json'), JSON.stringify({ endpoint, region: 'eu-central-1', credentials }));
    const mounts = [
      `${at('etc')}:/etc/lessor:ro`,
      `${at('data')}:/var/lib/cni/lessor`,
      `${at('netns')}:/run/netns:ro,rslave`,
    ].flatMap((mount) => ['--volume', mount]);
    const args = agent.args.map((arg) => arg.replace(':9464', ':0'));
    const call = asPod('agent', agent.securityContext.capabilities?.add ?? [], [...mounts, '--env', 'NODE_NAME=n']);
    const running = spawn(...inNamespace([...call, ...args]), { stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = once(running, 'close');
    const lines = createInterface({ input: running.stdout })[Symbol.asyncIterator]();
    const next = async (message: string): Promise<Record<string, string>> => {
      for (;;) {
        const { value, done } = await lines.next();
        if (done) throw new Error(`the agent ended before it said "${message}": ${running.stderr.read()}`);
        const line = JSON.parse(value as string) as Record<string, string>;
        if (line.message?.includes(message)) return line;
      }
    };
    const { listen } = await next('the agent runs');
    const [request, response] = await asked;
    expect((await json(request)) as object).toMatchObject({ name: 'n' });
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"declaredDead":false}');
    const metrics = await (await fetch(`http://${listen}/metrics`)).text();
    expect(metrics).toMatch(/^lessor_build_info\{.*\} 1$/m);
    podman('kill', '--signal', 'TERM', 'agent');
    await next('the agent stopped');
    expect(await ended).toEqual([0, null]);
    api.close();
  });

  describe.skipIf(!available('what helm renders, in the image', noHelm(), 'may be missing'))(
    'as helm renders it',
    () => {
      let stack: LocalStack;
      beforeAll(async () => {
        stack = await startStack();
      });
      afterAll(() => stack?.stop());

      /** A node as the chart leaves it, but for what is wrong there. */
      function node(
        name: string,
        endpoint: string,
        keys: AccessKeys,
        { volumes }: Pod = hook(),
      ): { run(container: Container): Promise<Ended> } {
        const root = at(name);
        for (const path of ['opt/cni/bin', 'var/lib/cni/lessor', 'etc/lessor'])
          mkdirSync(join(root, path), { recursive: true });
        cpSync(at('release', `lessor-linux-${process.arch}-gnu`), join(root, 'opt/cni/bin/lessor'));
        writeNodeFiles(join(root, 'etc/lessor'), { endpoint, region: stack.region }, keys);
        const credentials = { file: '/etc/lessor/credentials' };
        const file = { endpoint, region: stack.region, dataDir: '/var/lib/cni/lessor', credentials };
        writeFileSync(join(root, 'etc/lessor/node.json'), JSON.stringify(file));
        // That of this machine, on which the plugin is called.
        writeFileSync(join(root, 'etc/machine-id'), `${machineUnderNode().machineId()}\n`);
        return {
          run({ command = [], args, env = [], securityContext, volumeMounts }) {
            const mounts = volumeMounts.flatMap(({ name: volume, mountPath, readOnly }) => {
              const path = volumes.find((one) => one.name === volume)?.hostPath?.path;
              return ['--volume', `${join(root, path ?? '')}:${mountPath}${readOnly ? ':ro' : ''}`];
            });
            const variables = env.flatMap(({ name: variable, value }) => ['--env', `${variable}=${value}`]);
            const entry = command.length === 0 ? [] : ['--entrypoint', JSON.stringify(command)];
            const call = asPod(name, securityContext.capabilities?.add ?? [], [...mounts, ...variables, ...entry]);
            return ended(...inNamespace([...call, ...args]));
          },
        };
      }
      const hook = () => (objectsOf(renderTest({ endpoint: 'https://api.example' }))[0]?.spec ?? {}) as Pod;
      const containers = (): [Container, Container] => {
        const {
          initContainers,
          containers: [status],
        } = hook();
        const [plugin] = initContainers;
        if (plugin === undefined || status === undefined) throw new Error('the hook has no containers');
        return [plugin, status];
      };

      it('helm test finds the plugin, and an API that answers to the credentials of the node', async () => {
        const [plugin, status] = containers();
        const good = node('good', stack.endpoint, stack.nodes[0]);
        const versions = await good.run(plugin);
        expect([versions.code, JSON.parse(versions.out).supportedVersions]).toEqual([
          0,
          expect.arrayContaining(['1.0.0']),
        ]);
        expect(await good.run(status)).toEqual({
          code: 0,
          out: expect.stringMatching(/Check +answered within/),
          err: '',
        });
      });

      it.each<[string, () => [string, AccessKeys], number, RegExp]>([
        [
          'an API that is not there',
          () => ['http://127.0.0.1:9', stack.nodes[0]],
          30,
          /ECONNREFUSED|cannot be reached|refused/i,
        ],
        [
          'credentials that the API does not take',
          () => [stack.endpoint, { ...stack.nodes[0], secretAccessKey: 'x'.repeat(40) }],
          11,
          /Check +failed/,
        ],
      ])('helm test fails for %s, and says so', async (name, circumstances, code, said) => {
        const [, status] = containers();
        const outcome = await node(name.replaceAll(' ', '-'), ...circumstances()).run(status);
        expect([outcome.code, outcome.out]).toEqual([code, expect.stringMatching(said)]);
      });

      it('with uninstall, the plugin stays on a node until the runtime has ended the last container', async () => {
        const pod = podOf(objectsOf(render({ endpoint: 'https://api.example', uninstall: true })));
        const [uninstall] = pod.initContainers;
        if (uninstall === undefined) throw new Error('nothing is taken away');
        const left = node('left', stack.endpoint, stack.nodes[0], pod);
        const root = at('left');
        const environment = { LESSOR_CONFIG: writeNodeFiles(at('plugin'), stack, stack.nodes[0]) };
        const file = JSON.parse(readFileSync(environment.LESSOR_CONFIG, 'utf8'));
        const dataDir = join(root, 'var/lib/cni/lessor');
        writeFileSync(environment.LESSOR_CONFIG, JSON.stringify({ ...file, dataDir }));
        const plugin = join(root, 'opt/cni/bin/lessor');
        const call = (verb: 'ADD' | 'DEL') =>
          callPlugin(
            { plugin, cniDirectory: undefined, namespace: undefined, environment },
            { verb, containerId: 'c1', ifname: 'eth0', netns: '/var/run/netns/c1', configuration: demoNetwork },
          );
        expect(await call('ADD')).toMatchObject({ ok: true });
        const early = await left.run(uninstall);
        expect([early.code, early.err]).toEqual([
          37,
          expect.stringContaining('has the addresses of 1 container, which'),
        ]);
        expect(await call('DEL')).toMatchObject({ ok: true });
        expect((await left.run(uninstall)).code).toBe(0);
        expect(existsSync(plugin)).toBe(false);
      });

      it('helm test fails where the plugin is not on the node', async () => {
        const [plugin] = containers();
        const without = node('without', stack.endpoint, stack.nodes[0]);
        rmSync(at('without/opt/cni/bin/lessor'));
        expect((await without.run(plugin)).code).not.toBe(0);
      });
    },
  );

  it('for hosts with musl holds that library and that executable', () => {
    const root = built('musl');
    expect(filesIn(root)).toEqual([...MUSL, 'lessor'].sort());
    expect(readFileSync(join(root, 'lessor'), 'utf8')).toBe('musl');
  });
});
