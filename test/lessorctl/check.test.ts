/** What `check` finds: each fault by itself, none where all fits, and how it looks on the local stack. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PoolView } from '../../core/contract/pool.ts';
import { findingsOf, overlaps } from '../../lessorctl/check/compare.ts';
import type { LeaseOfPool, State } from '../../lessorctl/check/misfit.ts';
import { readPrefix } from '../../lessorctl/plan/prefix.ts';
import type { Shell } from '../../lessorctl/shell/shell.ts';
import { type LocalStack, startStack } from '../../local/stack/stack.ts';
import { leasing } from '../local/stack/leasing.ts';
import { control, signAs } from './control.ts';

const at = Date.parse('2026-01-31T12:00:00Z');
const ago = (minutes: number) => new Date(at - minutes * 60_000).toISOString();

const lease = (address: string, pod: string, more: Partial<LeaseOfPool> = {}): LeaseOfPool => ({
  pool: 'blue',
  vrf: 'default',
  state: 'held',
  addresses: [`${address}/24`],
  slot: { pool: '0123456789abcdef', block: '0', slot: 5 },
  node: 'i-1',
  incarnation: 1,
  attachment: { network: 'pods', containerId: 'c1', ifname: 'eth0' },
  pod: { namespace: 'shop', name: pod },
  heldAt: ago(60),
  ...more,
});
const node = (id: string, name: string, heard: number, more = {}) => ({
  node: id,
  name,
  alive: true,
  incarnation: 1,
  lifeAt: ago(600),
  heartbeatAt: ago(heard),
  ...more,
});
const clusterPod = (name: string, address: string, age = 60) => ({
  namespace: 'shop',
  name,
  addresses: [address],
  startedAt: at - age * 60_000,
});
const pool = { name: 'blue', ranges: [[{ subnet: '10.1.0.0/24' }]] } as unknown as PoolView;
const kubernetes = { pods: [clusterPod('web', '10.1.0.5')], podNames: ['shop/web'], nodeNames: ['one'] };
const sound: State = {
  at,
  pools: [pool],
  leases: [lease('10.1.0.5', 'web')],
  nodes: [node('i-1', 'one', 5)],
  blocks: [],
  isWhole: true,
  kubernetes,
};
const found = (change: Partial<State>) =>
  findingsOf({ ...sound, ...change }).map(({ kind, severity, subject }) => [kind, severity, subject]);

describe('check finds', () => {
  it('nothing where all fits', () => {
    expect(found({})).toEqual([]);
  });

  it('an address that is held twice', () => {
    const leases = [lease('10.1.0.5', 'web'), lease('10.1.0.5', 'web', { node: 'i-2' })];
    expect(found({ leases })).toEqual([['double', 'critical', '10.1.0.5']]);
    // In another VRF it is another address.
    expect(found({ leases: [lease('10.1.0.5', 'web'), lease('10.1.0.5', 'web', { vrf: 'red' })] })).toEqual([]);
  });

  it('a pod whose address nobody holds, or another one', () => {
    expect(found({ leases: [] })).toEqual([['lost', 'critical', '10.1.0.5']]);
    const podNames = ['shop/web', 'shop/other'];
    expect(found({ leases: [lease('10.1.0.5', 'other')], kubernetes: { ...kubernetes, podNames } })).toEqual([
      ['lost', 'critical', '10.1.0.5'],
    ]);
  });

  it('no lost address of a young pod, nor outside of the pools', () => {
    const of = (pod: ReturnType<typeof clusterPod>) =>
      found({ leases: [], kubernetes: { ...kubernetes, pods: [pod] } });
    expect(of(clusterPod('web', '10.1.0.5', 2))).toEqual([]);
    expect(of(clusterPod('web', '10.2.0.5'))).toEqual([]);
    expect(of(clusterPod('web', 'fd00::5'))).toEqual([]);
  });

  it('a lease whose pod is gone, on a node of this cluster and after a while', () => {
    const gone = (more: Partial<LeaseOfPool>) => found({ leases: [...sound.leases, lease('10.1.0.6', 'gone', more)] });
    expect(gone({})).toEqual([['leak', 'warning', '10.1.0.6']]);
    expect(gone({ heldAt: ago(2) })).toEqual([]);
    expect(gone({ state: 'cooling' })).toEqual([]);
    expect(gone({ node: 'i-of-another-cluster' })).toEqual([]);
    expect(
      found({
        leases: [...sound.leases, lease('10.1.0.6', 'done')],
        kubernetes: { ...kubernetes, podNames: ['shop/web', 'shop/done'] },
      }),
    ).toEqual([]);
  });

  it('nodes that are silent, and those that Kubernetes does not have any more', () => {
    const silent = node('i-2', 'two', 120);
    const nodes = [...sound.nodes, silent];
    expect(found({ nodes })).toEqual([['dead-node', 'warning', 'i-2']]);
    expect(found({ nodes, kubernetes: { ...kubernetes, nodeNames: ['one', 'two'] } })).toEqual([
      ['silent-node', 'warning', 'i-2'],
    ]);
    expect(found({ nodes: [...sound.nodes, { ...silent, alive: false }] })).toEqual([]);
    expect(found({ nodes: [...sound.nodes, { ...silent, cluster: 'another' }] })).toEqual([
      ['silent-node', 'warning', 'i-2'],
    ]);
    // Another Kubernetes has nodes of the same cluster, or of none: this one may be there.
    expect(found({ nodes: [...nodes, node('i-3', 'three', 5)] })).toEqual([['silent-node', 'warning', 'i-2']]);
    expect(found({ nodes: [...nodes, node('i-3', 'three', 5, { cluster: 'another' })] })).toEqual([
      ['dead-node', 'warning', 'i-2'],
    ]);
  });

  it('blocks of a node that is not listed, which may live: it is not declared dead by itself', () => {
    const block = { pool: 'routed', block: '8', prefixes: ['10.8.0.0/26'], state: 'claimed' as const, generation: 1 };
    const [orphan] = findingsOf({ ...sound, blocks: [{ ...block, node: 'i-9' }] });
    expect(orphan).toMatchObject({ kind: 'orphaned-block', remedy: expect.stringContaining('make certain') });
    expect(orphan).not.toHaveProperty('fix');
  });

  it('a node is nobody’s to declare dead where two clusters share names: Kubernetes may be the other one', () => {
    const node = { alive: true, incarnation: 1, lifeAt: '2026-01-01T00:00:00Z' };
    const nodes = [
      { ...node, node: 'i-1', name: 'worker-1', cluster: 'east' },
      { ...node, node: 'i-2', name: 'worker-1', cluster: 'west' },
      { ...node, node: 'i-3', name: 'worker-2', cluster: 'west' },
    ];
    const kubernetes = { pods: [], podNames: [], nodeNames: ['worker-1'] };
    const findings = findingsOf({
      ...{ at: Date.parse('2026-01-31T12:00:00Z'), pools: [], leases: [], blocks: [], isWhole: true },
      ...{ nodes, kubernetes },
    });
    expect(findings.filter(({ fix }) => fix?.kind === 'declare-dead')).toEqual([]);
    expect(findings).toHaveLength(3);
  });

  it('blocks of nodes that do not live', () => {
    const block = { pool: 'routed', block: '7', prefixes: ['10.8.0.0/26'], state: 'claimed' as const, generation: 1 };
    expect(
      found({
        blocks: [
          { ...block, node: 'i-1' },
          { ...block, block: '8', node: 'i-9' },
        ],
      }),
    ).toEqual([['orphaned-block', 'warning', 'routed/8']]);
  });

  it('pools that overlap other ranges', () => {
    const of = (text: string) => overlaps([pool], [readPrefix('--cidrs', text)], [text]).map(({ subject }) => subject);
    expect(of('10.1.0.128/25')).toEqual(['blue']);
    expect(of('10.0.0.0/8')).toEqual(['blue']);
    expect(of('10.2.0.0/16')).toEqual([]);
    expect(of('fd00::/8')).toEqual([]);
  });

  it('without Kubernetes what can be seen without it', () => {
    const { kubernetes: _, ...alone } = sound;
    expect(
      findingsOf({ ...alone, leases: [lease('10.1.0.5', 'gone')], nodes: [node('i-1', 'one', 120)] }).map(
        ({ kind }) => kind,
      ),
    ).toEqual(['silent-node']);
  });
});

describe('on the local stack', () => {
  let stack: LocalStack;
  const take = leasing(() => stack);
  beforeAll(async () => {
    stack = await startStack();
    signAs(stack.operator);
    await ctl('pool create blue 10.1.0.0/24');
    await take(stack.nodes[0], 'blue');
  }, 120_000);
  afterAll(() => stack?.stop());

  const ctl = (line: string, execute?: Shell['execute']) =>
    control(line, { env: { LESSOR_ENDPOINT: stack.endpoint, AWS_REGION: stack.region }, ...(execute && { execute }) });

  it('it says so where all fits, and what it could not see', async () => {
    // Counters follow within seconds.
    const counted = async () => JSON.parse((await ctl('usage blue --fast -o json')).stdout).held;
    await expect.poll(counted, { timeout: 60_000, interval: 250 }).toBe(1);
    const { code, stdout } = await ctl('check');
    expect([code, stdout]).toEqual([
      0,
      'Looked at 1 pool, 1 lease, 1 node.\nKubernetes was not asked: kubectl is not there.\nAll fits.\n',
    ]);
  });

  it('its exit code is of the worst that it found', async () => {
    expect(await ctl('check --cidrs 10.1.0.0/16 --without-kubernetes -o name')).toEqual({
      code: 1,
      stdout: 'blue\n',
      stderr: '',
    });
    const pods = [
      {
        metadata: { namespace: 'shop', name: 'web' },
        status: { phase: 'Running', podIPs: [{ ip: '10.1.0.200' }], startTime: '2026-01-01T00:00:00Z' },
      },
    ];
    const kubectl: Shell['execute'] = async (_, args) => ({
      code: 0,
      stdout: JSON.stringify({ items: args.includes('pods') ? pods : [] }),
      stderr: '',
    });
    const { code, stdout } = await ctl('check', kubectl);
    expect(code).toBe(2);
    expect(stdout).toContain(
      '- lost 10.1.0.200: pod shop/web runs with it, and nobody holds it: kubectl delete pod --namespace shop web',
    );
    expect(JSON.parse((await ctl('check -o json', kubectl)).stdout).findings).toHaveLength(1);
    expect(await ctl('check --cidrs ten')).toMatchObject({
      code: 21,
      stdout: '',
      stderr: expect.stringContaining('--cidrs "ten" is no prefix'),
    });
  });

  it('a bundle for support has what is known, and no account', async () => {
    const bundle = await ctl('support-bundle');
    expect([bundle.code, bundle.stderr]).toEqual([0, '']);
    const document = JSON.parse(bundle.stdout);
    expect(document).toMatchObject({
      endpoint: stack.endpoint,
      pools: [{ name: 'blue', usage: { source: 'counted' } }],
      nodes: [{ node: stack.nodes[0].name, account: '************' }],
      deaths: [],
      audit: [{ action: 'pool.created', by: 'user/operator' }],
    });
    expect(bundle.stdout).not.toContain(stack.operator.secretAccessKey);
    expect(bundle.stdout).not.toContain(stack.operator.accessKeyId);
  });

  it('what is watched is shown again, on a terminal in the place of what was there', async () => {
    const env = { LESSOR_ENDPOINT: stack.endpoint, AWS_REGION: stack.region };
    const piped = await control('top --watch', { env, pauses: 2 });
    expect(piped.stdout.match(/^1 pool in VRF default, 1 lease held$/gm)).toHaveLength(3);
    const shown = await control('top --watch', { env, columns: 80, pauses: 1 });
    expect(shown.stdout.split('\u001b[H\u001b[2J')).toHaveLength(3);
  });
});
