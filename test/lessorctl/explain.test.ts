/** `explain`, which asks Kubernetes too, and `plan`, which looks for a free prefix: against the local stack. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { routes } from '../../core/contract/routes.ts';
import type { Ran, Shell } from '../../lessorctl/shell/shell.ts';
import { type LocalStack, startStack } from '../../local/stack/stack.ts';
import { leasing } from '../local/stack/leasing.ts';
import { askAt } from '../support/asking.ts';
import { agentPod, conflistMap, definition, type KubernetesObject, kubectlOf } from './cluster.ts';
import { type ControlOptions, control, signAs } from './control.ts';

const NAME = 'ip-10-0-1-17.eu-central-1.compute.internal';
let stack: LocalStack;
const lease = leasing(() => stack);

beforeAll(async () => {
  stack = await startStack();
  signAs(stack.operator);
  await ctl('pool create blue 10.1.0.0/24');
  await ctl('pool create closed 10.2.0.0/24 --clusters elsewhere');
  await lease(stack.nodes[0], 'blue');
  await askAt(stack, stack.nodes[0], 'POST', routes.heartbeat.path, { boot: 'boot-1', name: NAME });
}, 120_000);
afterAll(() => stack?.stop());

const ctl = (line: string, options: ControlOptions = {}) =>
  control(line, { ...options, env: { LESSOR_ENDPOINT: stack.endpoint, AWS_REGION: stack.region, ...options.env } });

const calls: string[] = [];
/** kubectl of a cluster with one pod, whose sandbox fails. */
const kubectl: Shell['execute'] = async (program, args) => {
  calls.push([program, ...args].join(' '));
  const answer = (value: unknown) => ({ code: 0, stdout: JSON.stringify(value), stderr: '' });
  if (args[0] === 'config') return { code: 0, stdout: 'prod\n', stderr: '' };
  if (args.includes('events'))
    return answer({
      items: [
        { reason: 'Scheduled', message: 'assigned' },
        { reason: 'FailedCreatePodSandBox', message: 'the latest', lastTimestamp: '2026-01-02T00:00:00Z' },
        { reason: 'FailedCreatePodSandBox', message: 'an earlier one', lastTimestamp: '2026-01-01T00:00:00Z' },
      ],
    });
  if (args.includes('web-1')) return answer({ spec: { nodeName: NAME }, status: {} });
  return { code: 1, stdout: '', stderr: 'Error from server (NotFound): pods "new" not found\n' };
};

describe('explain pod', () => {
  it('finds out the node by itself, and says what it does not know', async () => {
    const { code, stdout } = await ctl('explain pod shop/web-1 --pools blue', {
      execute: kubectl,
      columns: 80,
      env: { NO_COLOR: '1' },
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Node +i-0123456789abcdef0$/m);
    expect(stdout).toMatch(/^Kubelet says +the latest$/m);
    expect(stdout).toMatch(/^1\. blue \(named\): has room$/m);
    expect(stdout).toContain("The labels of the node's configuration are not known");
    const document = JSON.parse(
      (await ctl('explain pod shop/web-1 --pools blue --labels zone=a -o json', { execute: kubectl })).stdout,
    );
    expect(document).toMatchObject({
      asked: { namespace: 'shop', pod: 'web-1', node: 'i-0123456789abcdef0', pools: ['blue'], labels: { zone: 'a' } },
      pool: 'blue',
      notKnown: [],
    });
  });

  it('goes by the network configuration', async () => {
    const conflist = JSON.stringify({
      name: 'pods',
      plugins: [{ type: 'bridge', ipam: { type: 'lessor', pools: ['closed', 'blue'] } }],
    });
    const { stdout } = await ctl('explain pod shop/new --conflist 10.conflist --cluster here -o json', {
      execute: kubectl,
      files: { '10.conflist': conflist },
    });
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ asked: { pools: ['closed', 'blue'], cluster: 'here' }, pool: 'blue' });
    expect(document.notKnown[0]).toBe(
      'Kubernetes was not asked: kubectl says: Error from server (NotFound): pods "new" not found.',
    );
  });

  it('does without Kubernetes', async () => {
    const { stdout } = await ctl('explain pod shop/new --without-kubernetes --pools closed -o wide');
    expect(stdout).toMatch(/^Verdict +an ADD gets no address/m);
    expect(stdout).toMatch(
      /^1\. closed \(named\): .*elsewhere|^- {2}closed: passed over: it is kept to cluster elsewhere/m,
    );
    expect((await ctl('explain pod shop/new --pools blue')).stdout).toContain(
      'Kubernetes was not asked: kubectl is not there.',
    );
    const unknown = await ctl('explain pod shop/new --without-kubernetes');
    expect(unknown.stdout).toMatch(/^Verdict +if the network configuration names no pool, an ADD gets no address/m);
    expect(unknown.stdout).toMatch(/^Names pools +not known$/m);
  });

  it('says what kubectl says, and not what it logs', async () => {
    const stderr = `E1129 03:45:37.975513   18823 memcache.go:265] "Unhandled Error" err="couldn't get current server API group list"
The connection to the server localhost:8080 was refused - did you specify the right host or port?
`;
    const execute = async () => ({ code: 1, stdout: '', stderr });
    expect((await ctl('explain pod shop/new --pools blue', { execute })).stdout).toContain(
      'Kubernetes was not asked: kubectl says: The connection to the server localhost:8080 was refused',
    );
  });

  it.each([
    ['explain pod web-1', '"web-1" names no pod of a namespace'],
    ['explain pod shop/--kubeconfig=x', 'names no pod of a namespace'],
    ['explain pod shop/a --conflist none', '--conflist none is not there'],
    ['explain pod shop/a --conflist bad', '--conflist bad is not JSON'],
    ['explain pod shop/a --conflist other', 'has no ipam section of type lessor'],
    ['explain pod shop/a --labels zone', '--labels "zone" is no label'],
  ])('%s is refused', async (line, text) => {
    const files = { bad: '{', other: '{"ipam": {"type": "host-local"}}' };
    expect(await ctl(line, { files })).toMatchObject({ code: 21, stdout: '', stderr: expect.stringContaining(text) });
  });
});

describe('explain pod collects by itself', () => {
  const of = { type: 'lessor' };
  const webPod = (annotations: Readonly<Record<string, string>> = {}): KubernetesObject => ({
    kind: 'pod',
    metadata: { name: 'web-1', namespace: 'shop', annotations },
    spec: { nodeName: NAME },
  });
  const status = (args: readonly string[]): Ran =>
    args.join(' ') === 'status --json --config=/etc/lessor/node.json'
      ? { code: 0, stdout: '{"labels": {"zone": "a"}}', stderr: '' }
      : { code: 1, stdout: '', stderr: `${args.join(' ')} was not expected` };
  const explained = async (objects: readonly KubernetesObject[], more = '', lessor = status) =>
    JSON.parse((await ctl(`explain pod shop/web-1 -o json ${more}`, { execute: kubectlOf(objects, lessor) })).stdout);
  const release = [agentPod(NAME), conflistMap({ ...of, pool: 'blue' })];

  it('the node, its labels, and the network configuration of the release', async () => {
    expect(await explained([webPod(), ...release])).toMatchObject({
      asked: { node: 'i-0123456789abcdef0', pools: ['blue'], labels: { zone: 'a' } },
      network: { name: 'pods', from: 'ConfigMap kube-system/lessor' },
      pool: 'blue',
      notKnown: [],
    });
    const { stdout } = await ctl('explain pod shop/web-1', { execute: kubectlOf([webPod(), ...release], status) });
    expect(stdout).toMatch(/^Labels +zone=a$/m);
    expect(stdout).toMatch(/^Network +pods \(ConfigMap kube-system\/lessor\)$/m);
    expect(stdout).toMatch(/^1\. blue \(named\): has room$/m);
  });

  it('for a pod that is not there yet, by the node that is given', async () => {
    expect(await explained(release, '--node i-0123456789abcdef0')).toMatchObject({
      asked: { pools: ['blue'], labels: { zone: 'a' } },
      notKnown: ['Kubernetes was not asked: kubectl says: Error from server (NotFound): pods "web-1" not found.'],
    });
  });

  it('nothing of what is given', async () => {
    expect(await explained([webPod(), ...release], '--pools closed --labels zone=b')).toMatchObject({
      asked: { pools: ['closed'], labels: { zone: 'b' } },
    });
  });

  it('the networks that the pod names for Multus', async () => {
    const storage = definition('shop', 'storage', { ...of, pool: 'closed' });
    const other = definition('net', 'other', { type: 'host-local' });
    const named = webPod({ 'k8s.v1.cni.cncf.io/networks': 'storage@net1, net/other' });
    const whole = [named, storage, other, ...release];
    expect(await explained(whole)).toMatchObject({
      asked: { pools: ['blue'] },
      notKnown: ['The pod has further networks of Lessor: shop/storage (see --network).'],
    });
    for (const name of ['storage', 'shop/storage'])
      expect(await explained(whole, `--network ${name}`)).toMatchObject({
        asked: { pools: ['closed'] },
        network: { name: 'shop/storage', from: 'NetworkAttachmentDefinition' },
      });
    expect(await ctl('explain pod shop/web-1 --network other', { execute: kubectlOf(whole, status) })).toMatchObject({
      code: 21,
      stderr: expect.stringContaining('it has pods, shop/storage'),
    });
    // The only one of Lessor's is meant without a word.
    const json = webPod({ 'k8s.v1.cni.cncf.io/networks': '[{"name": "storage", "interface": "net1"}]' });
    const foreign = [agentPod(NAME), conflistMap({ type: 'host-local' })];
    expect(await explained([json, storage, ...foreign])).toMatchObject({ asked: { pools: ['closed'] }, notKnown: [] });
    const instead = webPod({ 'v1.multus-cni.io/default-network': 'shop/storage' });
    expect(await explained([instead, storage, ...release])).toMatchObject({ network: { name: 'shop/storage' } });
  });

  it('and says what it could not find out', async () => {
    const notes = async (objects: readonly KubernetesObject[], lessor?: typeof status) =>
      (await explained(objects, '', lessor)).notKnown.join('\n');
    expect(await notes([webPod()])).toMatch(
      /configuration is not known \(no pod of Lessor's agent runs on ip-.*\n.*labels/,
    );
    expect(await notes([webPod(), agentPod(NAME, [], '')])).toContain('(the release of its agent gives it none)');
    expect(await notes([webPod(), agentPod(NAME)])).toContain('configmaps "lessor" not found');
    expect(await notes([webPod(), agentPod(NAME), conflistMap(of, 'other')])).toContain('has no 10-pods.conflist');
    expect(await notes([webPod(), agentPod(NAME), conflistMap({ type: 'host-local' })])).toContain(
      '(its own (ConfigMap kube-system/lessor) has no ipam section of type lessor)',
    );
    const definitions = [
      webPod({ 'k8s.v1.cni.cncf.io/networks': 'file,none' }),
      definition('shop', 'file'),
      ...release,
    ];
    expect(await notes(definitions)).toMatch(/shop\/file has its configuration in a file.*\n.*"none" not found/);
    const older = () => ({ code: 0, stdout: '{}', stderr: '' });
    expect(await notes([webPod(), ...release], older)).toContain('its agent is of a release that does not say them');
    const forbidden = () => ({
      code: 1,
      stdout: '',
      stderr: 'Error from server (Forbidden): pods "lessor" is forbidden',
    });
    expect(await notes([webPod(), ...release], forbidden)).toContain(
      "labels of the node's configuration are not known (Error",
    );
    const broken = { ...conflistMap(of), data: { '10-pods.conflist': '{' } };
    expect(await notes([webPod(), agentPod(NAME), broken])).toContain('holds no JSON');
  });

  it.each([
    ['--network x --pools blue', 'leave --conflist and --pools out'],
    ['--network x --without-kubernetes', 'leave --without-kubernetes out'],
  ])('%s is refused', async (more, text) => {
    expect(await ctl(`explain pod shop/web-1 ${more}`)).toMatchObject({
      code: 21,
      stderr: expect.stringContaining(text),
    });
  });
});

describe('called by kubectl', () => {
  it('goes by the context of the kubeconfig', async () => {
    const path = '/home/operator/.config/lessor/lessorctl.yaml';
    const settings = `contexts:\n  prod:\n    endpoint: ${stack.endpoint}\n    region: ${stack.region}\n    cluster: production\n`;
    const options = { execute: kubectl, files: { [path]: settings }, env: { LESSOR_ENDPOINT: '', AWS_REGION: '' } };
    expect((await ctl('pools -o name', { ...options, name: 'kubectl lessor' })).stdout).toBe('blue\nclosed\n');
    const other = await ctl('pools -o name --context lab', options);
    expect([other.code, other.stderr]).toEqual([21, expect.stringContaining('it is not said which service is meant')]);
    const wrong = await ctl('pools', { ...options, files: { [path]: 'endpont: x\n' } });
    expect(wrong).toMatchObject({ code: 21, stderr: expect.stringContaining('has no field endpont') });
  });
});

describe('node leave', () => {
  const left = {
    releasedLater: 1,
    released: [],
    blocks: [{ pool: 'blue', block: '3', generation: 1 }],
    life: { incarnation: 2 },
  };
  /** kubectl of a cluster whose agent answers so. */
  const agent =
    (answer: Ran, lines: string[] = []): Shell['execute'] =>
    async (program, args) => {
      lines.push([program, ...args].join(' '));
      if (args.includes('exec')) return answer;
      const items = args.includes(`spec.nodeName=${NAME}`)
        ? [{ metadata: { namespace: 'kube-system', name: 'lessor-x7' }, spec: { hostNetwork: true } }]
        : [];
      return { code: 0, stdout: JSON.stringify({ items }), stderr: '' };
    };
  const ready: Ran = { code: 0, stdout: JSON.stringify(left), stderr: '' };

  it('asks, and has the node do it', async () => {
    const lines: string[] = [];
    const execute = agent(ready, lines);
    expect((await ctl(`node leave ${NAME} --dry-run`, { execute })).stdout).toContain('life 2 of node');
    const { code, stdout, stderr } = await ctl('node leave i-0123456789abcdef0', { execute, answers: ['y'] });
    expect([code, stdout]).toEqual([
      0,
      `- block 3 of pool blue is given back\n- 1 release made on the way\n- life 2 of node ${NAME} is over\n`,
    ]);
    expect(stderr).toMatch(/Take node .* out of service\? \[y\/N\] $/);
    const into = 'kubectl exec --namespace kube-system lessor-x7 --container agent -- /lessor leave --json';
    expect(lines.filter((line) => line.includes('exec'))).toEqual([`${into} --dry-run`, `${into} --dry-run`, into]);
    expect(await ctl(`node leave ${NAME}`, { execute })).toMatchObject({
      code: 21,
      stderr: expect.stringContaining('nobody can be asked'),
    });
  });

  it('names the files of the node that its agent was started with', async () => {
    const lines: string[] = [];
    const lessor = (args: readonly string[]) => {
      lines.push(args.join(' '));
      return ready;
    };
    const execute = kubectlOf([agentPod(NAME, ['--listen=127.0.0.1:9464', '--data-dir=/data/.lessor'])], lessor);
    expect((await ctl(`node leave ${NAME} --yes`, { execute })).code).toBe(0);
    expect(lines.at(-1)).toBe('leave --json --config=/etc/lessor/node.json --data-dir=/data/.lessor');
  });

  it('passes on why the node refuses, with its exit code', async () => {
    const stderr =
      'lessor: 2 attachments have an address on this node: drain the node first\ncommand terminated with exit code 37\n';
    expect(await ctl(`node leave ${NAME} --yes`, { execute: agent({ code: 37, stdout: '', stderr }) })).toEqual({
      code: 37,
      stdout: '',
      stderr: `lessorctl: node ${NAME} refuses lessor leave: 2 attachments have an address on this node: drain the node first\n`,
    });
  });

  it('says what to do where no agent runs, or no kubectl is there', async () => {
    expect(await ctl('node leave other --yes', { execute: agent(ready) })).toMatchObject({
      code: 30,
      stderr:
        "lessorctl: node other cannot be asked: no pod of Lessor's agent runs on other: run lessor leave on the node itself\n",
    });
    expect(await ctl('node leave other --yes')).toMatchObject({
      code: 30,
      stderr: expect.stringContaining('kubectl is not there'),
    });
  });
});

it('silence is foreseen', async () => {
  const { code, stdout } = await ctl('silence on-prem-1 --for 4h', { columns: 80, env: { NO_COLOR: '1' } });
  expect([code, stdout]).toEqual([
    0,
    expect.stringMatching(/^Nodes +0, of which 0 were heard of.*No node is silent for so long\.$/ms),
  ]);
  const document = JSON.parse((await ctl('silence on-prem-1 -o json')).stdout);
  expect(document).toMatchObject({ cluster: 'on-prem-1', minutes: 240, silent: [] });
  expect(await ctl('silence on-prem-1 --for 5m')).toMatchObject({
    code: 21,
    stderr: expect.stringContaining('minutes'),
  });
});

describe('plan', () => {
  it('says the size, and where it is free', async () => {
    expect((await ctl('plan --nodes 300 --pods 110 --growth 20%/y --years 3 -o name')).stdout).toBe('/15\n');
    const { stdout } = await ctl('plan --nodes 12 --pods 30 --from 10.0.0.0/14 --without 10.0.0.0/16');
    expect(stdout).toMatch(/^Free prefixes +10\.1\.4\.0\/22, 10\.1\.8\.0\/22, 10\.1\.12\.0\/22$/m);
    expect(stdout).toContain('lessorctl pool create NAME 10.1.4.0/22 --affinity node');
    expect(await ctl('plan --nodes many')).toMatchObject({
      code: 21,
      stderr: expect.stringContaining('--nodes "many" is no number'),
    });
  });

  it('is carried out by pool create, and a repeat gets no other prefix', async () => {
    const line = 'pool create next --size /24 --from 10.0.0.0/14 --without 10.0.0.0/16';
    for (const [words, effect] of [
      [`${line} --dry-run`, 'pool next of VRF default is created'],
      [line, 'pool next of VRF default is created'],
      [line, 'nothing changes'],
    ] as const)
      expect((await ctl(words)).stdout).toMatch(new RegExp(`${effect}.*\n- its subnet is 10\\.1\\.1\\.0/24\n$`));
    expect(JSON.parse((await ctl('pool next --fast -o json')).stdout).pool.ranges[0][0].subnet).toBe('10.1.1.0/24');
    expect(await ctl('pool create none --size /24 --from 10.1.0.0/24')).toMatchObject({
      code: 21,
      stderr: expect.stringContaining('10.1.0.0/24 has no free /24 in VRF default'),
    });
  });
});
