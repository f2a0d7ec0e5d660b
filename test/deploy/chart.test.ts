import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseYaml } from '@redocly/openapi-core';
import { describe, expect, it } from 'vitest';
import { available } from '../support/prerequisite.ts';
import { CHART, lint, noHelm, objectsIn, objectsOf, render, renderTest } from './helm.ts';
import { excesses, type Pod, podOf, templateOf } from './privileges.ts';

const endpoint = 'https://abc123.execute-api.eu-central-1.amazonaws.com';
const conflist = { name: '10-pods.conflist', content: { cniVersion: '1.0.0', name: 'pods', plugins: [{ type: 'x' }] } };
const rendered = (values: object) => objectsOf(render({ endpoint, ...values }));
const podFrom = (values: object) => podOf(rendered(values));
const argsOf = (values: object) => podFrom(values).initContainers.flatMap(({ args }) => args);

const inChart = (file: string) => readFileSync(join(CHART, file), 'utf8');
const read = (file: string) => parseYaml(inChart(file)) as Record<string, unknown>;
const platforms = Object.keys(read('platforms.yaml'));
const manifest = (platform: string) =>
  fileURLToPath(new URL(`../../deploy/manifests/${platform}.yaml`, import.meta.url));
const PLACEHOLDER = 'https://your-api-id.execute-api.your-region.amazonaws.com';
const header = (platform: string) =>
  `# The chart deploy/chart/lessor for ${platform}, in the namespace kube-system. Put your endpoint and your image in.\n`;

interface Schema {
  readonly properties?: Readonly<Record<string, Schema & { readonly enum?: readonly string[] }>>;
}

/** Keys of the values, as far down as the schema names them. */
const keysOf = (values: unknown, { properties }: Schema, path = ''): string[] =>
  properties === undefined || values === null || typeof values !== 'object'
    ? [path]
    : Object.entries(values).flatMap(([key, value]) => keysOf(value, properties[key] ?? {}, `${path}/${key}`));
const keysIn = ({ properties }: Schema, path = ''): string[] =>
  properties === undefined
    ? [path]
    : Object.entries(properties).flatMap(([key, schema]) => keysIn(schema, `${path}/${key}`));

describe('the chart', () => {
  const schema = JSON.parse(inChart('values.schema.json')) as Schema;

  it('has a schema for each of its values, and a value for each of its schema', () => {
    const free = new Set(['/global', ...keysIn(schema.properties?.seLinuxOptions ?? {}, '/seLinuxOptions')]);
    const described = keysIn(schema).filter((key) => !free.has(key));
    expect(
      keysOf(read('values.yaml'), schema)
        .filter((key) => key !== '/seLinuxOptions')
        .sort(),
    ).toEqual(described.sort());
  });

  it('knows the platforms that its schema lists', () => {
    expect(schema.properties?.platform?.enum).toEqual(platforms);
  });

  it('is of the version of the package', () => {
    const { version } = JSON.parse(readFileSync(join(CHART, '../../../package.json'), 'utf8')) as { version: string };
    expect(read('Chart.yaml')).toMatchObject({ version, appVersion: version });
  });
});

describe('the manifests as they are checked in', () => {
  it.each(platforms)('take no more of a node of %s than they need', (platform) => {
    expect(excesses(podOf(objectsIn(readFileSync(manifest(platform), 'utf8'))))).toEqual([]);
  });
});

describe.skipIf(!available('the chart, rendered by helm', noHelm(), 'may be missing'))('helm', () => {
  it.each(platforms)('renders the manifest of %s as it is checked in', async (platform) => {
    const rendering = render({ endpoint: PLACEHOLDER, platform });
    if (!rendering.ok) throw new Error(rendering.error);
    await expect(`${header(platform)}${rendering.text}`).toMatchFileSnapshot(manifest(platform));
  });

  it('finds nothing to warn of', () => {
    expect(lint({ endpoint, conflist })).toMatchObject({ ok: true });
  });

  it.each<[string, object, RegExp]>([
    ['no endpoint', { endpoint: '' }, /endpoint/],
    ['an endpoint without a scheme', { endpoint: 'abc123.execute-api.eu-central-1.amazonaws.com' }, /endpoint/],
    ['an endpoint with a query', { endpoint: 'https://a.example/?x=1' }, /endpoint/],
    ['a platform that nobody knows', { platform: 'nomad' }, /platform/],
    ['a misspelt value', { endpont: 'x' }, /endpont/],
    ['a misspelt value of the agent', { agent: { grace: 30 } }, /grace/],
    ['a label that is a number', { labels: { rack: 7 } }, /labels\/rack/],
    ['a relative path', { paths: { dataDir: 'var/lib' } }, /dataDir/],
    ['a port that is none', { agent: { port: 0 } }, /port/],
    ['a network configuration that is no list', { conflist: { name: '10-x.conf' } }, /conflist\/name/],
    ['a network configuration without plugins', { conflist: { ...conflist, content: { name: 'x' } } }, /plugins/],
    ['a network configuration without a file name', { conflist: { name: '', content: { name: 'x' } } }, /content/],
    ['credentials where the agent sees none', { credentials: { file: '/root/.aws/credentials' } }, /credentials\.file/],
    ['a digest that is none', { image: { digest: 'sha256:12' } }, /digest/],
    ['a share of all nodes', { maxUnavailable: '101%' }, /maxUnavailable/],
  ])('refuses %s, and says which value it is', (_, values, named) => {
    expect(render({ endpoint, ...values })).toEqual({ ok: false, error: expect.stringMatching(named) });
  });

  it('puts the plugin and its configuration where the platform looks for them', () => {
    expect(argsOf({ platform: 'k3s', labels: { 'example.com/rack': '7' }, region: 'eu-central-1', conflist })).toEqual([
      'install',
      '--root=/host',
      '--bin-dir=/var/lib/rancher/k3s/data/cni',
      '--config=/etc/lessor/node.json',
      `--endpoint=${endpoint}`,
      '--region=eu-central-1',
      '--data-dir=/var/lib/cni/lessor',
      '--label=example.com/rack=7',
      '--conf-dir=/var/lib/rancher/k3s/agent/etc/cni/net.d',
      '--conflist=/conflist/10-pods.conflist',
    ]);
  });

  it('tells the plugin which credentials it has', () => {
    const credentials = { profile: 'lessor', file: '/etc/lessor/credentials' };
    expect(argsOf({ credentials })).toEqual(
      expect.arrayContaining(['--profile=lessor', '--credentials-file=/etc/lessor/credentials']),
    );
    expect(argsOf({}).filter((arg) => /profile|credentials/.test(arg))).toEqual([]);
  });

  it('lets the installation see each directory that it names, and no other', () => {
    const [install] = podFrom({ platform: 'talos', conflist, paths: { binDir: '/opt/other/bin' } }).initContainers;
    expect(install?.volumeMounts.map(({ mountPath }) => mountPath)).toEqual([
      '/host/opt/other/bin',
      '/host/etc/cni/lessor',
      '/host/etc/cni/net.d',
      '/conflist',
    ]);
  });

  it('writes the network configuration as it was given', () => {
    const [map] = rendered({ conflist }).filter(({ kind }) => kind === 'ConfigMap');
    const data = map?.data as Record<string, string>;
    expect(Object.keys(data)).toEqual([conflist.name]);
    expect(JSON.parse(data[conflist.name] ?? '')).toEqual(conflist.content);
  });

  it('starts the pods again when the network configuration changes', () => {
    const other = { ...conflist, content: { ...conflist.content, name: 'others' } };
    const [before, after] = [conflist, other].map(
      (one) => templateOf(rendered({ conflist: one })).metadata.annotations,
    );
    expect(before).not.toEqual(after);
  });

  it('without a network configuration leaves that directory alone', () => {
    expect(rendered({}).map(({ kind }) => kind)).toEqual(['ServiceAccount', 'DaemonSet']);
    expect(podFrom({}).volumes.map(({ name }) => name)).toEqual(['bin', 'config', 'data', 'machine-id', 'netns']);
  });

  it('keeps the agent to loopback, and asks for its health there', () => {
    const at = (agent: object) => {
      const [only] = podFrom({ agent }).containers as unknown as {
        args: string[];
        livenessProbe: { httpGet: { host: string; port: number } };
      }[];
      return [only?.args.find((arg) => arg.startsWith('--listen')), only?.livenessProbe.httpGet.host];
    };
    expect(at({})).toEqual(['--listen=127.0.0.1:9464', '127.0.0.1']);
    expect(at({ host: '0.0.0.0', port: 9100 })).toEqual(['--listen=0.0.0.0:9100', '127.0.0.1']);
    expect(at({ host: '::1' })).toEqual(['--listen=[::1]:9464', '::1']);
  });

  it('lets the agent see network namespaces under both names of their directory, as they come and go', () => {
    const mounts = podFrom({}).containers.flatMap(({ volumeMounts }) => volumeMounts);
    expect(mounts.filter(({ name }) => name === 'netns')).toEqual(
      ['/run/netns', '/var/run/netns'].map((mountPath) => ({
        name: 'netns',
        mountPath,
        mountPropagation: 'HostToContainer',
        readOnly: true,
      })),
    );
  });

  it('gives the agent every data directory', () => {
    const [agent] = podFrom({ agent: { dataDirs: ['/var/lib/cni/networks/.lessor'] } }).containers;
    expect(agent?.args).toContain('--data-dir=/var/lib/cni/networks/.lessor');
    expect(agent?.volumeMounts).toContainEqual({ name: 'data-0', mountPath: '/var/lib/cni/networks/.lessor' });
  });

  it("without the node's process table takes no capability", () => {
    const pod = podFrom({ agent: { hostPID: false } });
    expect(pod.hostPID).toBe(false);
    expect(pod.containers[0]?.securityContext.capabilities).toEqual({ drop: ['ALL'] });
  });

  it('on OpenShift brings constraints that allow what the pod takes, and nothing more', () => {
    const objects = rendered({ platform: 'openshift' });
    expect(objects.map(({ kind }) => kind).sort()).toEqual(
      ['DaemonSet', 'Role', 'RoleBinding', 'SecurityContextConstraints', 'ServiceAccount'].sort(),
    );
    expect(objects.find(({ kind }) => kind === 'SecurityContextConstraints')).toMatchObject({
      allowPrivilegedContainer: false,
      allowHostIPC: false,
      allowedCapabilities: ['SYS_PTRACE'],
      requiredDropCapabilities: ['ALL'],
    });
  });

  it('on EKS stays away from nodes whose network AWS keeps, unless told otherwise', () => {
    const affinity = (values: object) => (podFrom({ platform: 'eks', ...values }) as { affinity?: unknown }).affinity;
    expect(JSON.stringify(affinity({}))).toContain('"values":["auto","fargate"]');
    expect(affinity({ affinity: { podAntiAffinity: {} } })).toEqual({ podAntiAffinity: {} });
  });

  it('takes the plugin away again, while the agent goes on', () => {
    const pod = podFrom({ uninstall: true, conflist });
    expect(pod.initContainers.map(({ args }) => args)).toEqual([
      [
        'uninstall',
        '--root=/host',
        '--bin-dir=/opt/cni/bin',
        '--config=/etc/lessor/node.json',
        '--conf-dir=/etc/cni/net.d',
        '--conflist=10-pods.conflist',
      ],
    ]);
    expect(pod.containers.map(({ name }) => name)).toEqual(['agent']);
    expect(pod.initContainers[0]?.volumeMounts.map(({ mountPath }) => mountPath)).toEqual(
      expect.arrayContaining(['/host/var/lib/cni/lessor', '/etc/machine-id']),
    );
  });

  it.each(platforms)('tests a node of %s with no more than the DaemonSet takes of it', (platform) => {
    const values = { endpoint, platform, nodeSelector: { pool: 'blue' }, imagePullSecrets: [{ name: 'registry' }] };
    const [test, ...more] = objectsOf(renderTest(values));
    expect(more).toEqual([]);
    const [set] = objectsOf(render(values)).filter(({ kind }) => kind === 'DaemonSet');
    if (test === undefined || set === undefined) throw new Error('there is no pod to test with, or no DaemonSet');
    expect(test.metadata.annotations).toMatchObject({ 'helm.sh/hook': 'test' });
    const { matchLabels } = (set.spec as { selector: { matchLabels: Record<string, string> } }).selector;
    expect(Object.entries(matchLabels).every(([label, value]) => test.metadata.labels?.[label] === value)).toBe(false);
    const [tested, all] = [test.spec as Pod, podOf([set])];
    expect(excesses({ ...tested, hostPID: false })).toEqual([]);
    expect(all.volumes).toEqual(expect.arrayContaining([...tested.volumes]));
    for (const field of ['nodeSelector', 'tolerations', 'affinity', 'imagePullSecrets', 'hostNetwork', 'dnsPolicy'])
      expect([field, Reflect.get(tested, field)]).toEqual([field, Reflect.get(all, field)]);
  });

  it('tests nothing once the plugin is taken away', () => {
    expect(renderTest({ endpoint, uninstall: true })).toMatchObject({ ok: false });
  });

  it('names the image by its digest where there is one', () => {
    const digest = `sha256:${'0'.repeat(64)}`;
    const images = (image: object) =>
      [...podFrom({ image }).initContainers, ...podFrom({ image }).containers].map((one) => Reflect.get(one, 'image'));
    expect(images({ repository: 'r/l', tag: '1' })).toEqual(['r/l:1', 'r/l:1']);
    expect(images({ repository: 'r/l', tag: '1', digest })).toEqual([`r/l@${digest}`, `r/l@${digest}`]);
  });
});

describe('too much of a node is', () => {
  const pod = podOf(objectsIn(readFileSync(manifest('generic'), 'utf8')));
  const [install, agent] = [...pod.initContainers, ...pod.containers];
  if (install === undefined || agent === undefined) throw new Error('the manifest has no containers');
  const withContext = (context: object) => ({
    ...pod,
    containers: [{ ...agent, securityContext: { ...agent.securityContext, ...context } }],
  });
  it.each([
    ['a token', { ...pod, automountServiceAccountToken: true }, 'the pod may ask the Kubernetes API'],
    ['the root directory', { ...pod, volumes: [{ name: 'x', hostPath: { path: '/' } }] }, 'the pod mounts /'],
    ['all of /etc', { ...pod, volumes: [{ name: 'x', hostPath: { path: '/etc' } }] }, 'the pod mounts /etc'],
    ['privilege', withContext({ privileged: true }), 'agent is privileged'],
    ['escalation', withContext({ allowPrivilegeEscalation: true }), 'agent may gain privileges'],
    ['files of its own', withContext({ readOnlyRootFilesystem: false }), 'agent may write its own files'],
    ['no dropped capability', withContext({ capabilities: {} }), "agent keeps the runtime's capabilities"],
    ['SYS_ADMIN', withContext({ capabilities: { drop: ['ALL'], add: ['SYS_ADMIN'] } }), 'agent has SYS_ADMIN'],
    ['SYS_PTRACE of its own processes', { ...pod, hostPID: false }, 'agent has SYS_PTRACE'],
    ['no seccomp profile', withContext({ seccompProfile: { type: 'Unconfined' } }), 'agent may make any system call'],
    [
      'a configuration to write',
      { ...pod, containers: [{ ...agent, volumeMounts: [{ name: 'config', mountPath: '/etc/lessor' }] }] },
      'agent may write config',
    ],
    ['all memory', { ...pod, containers: [{ ...agent, resources: {} }] }, 'agent may take all memory'],
  ])('%s', (_, broken, excess) => {
    expect(excesses(broken)).toEqual([excess]);
  });
});
