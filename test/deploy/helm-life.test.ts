/** The life of a release, by the real helm: installed as the last release was, upgraded, tested, taken away. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { available } from '../support/prerequisite.ts';
import { CHART, LAST_RELEASE, LAST_VALUES, noHelm } from './helm.ts';
import { type HelmCluster, openHelmCluster } from './helm-cluster.ts';

const KINDS_THEN = [
  'ConfigMap/lessor',
  'DaemonSet/lessor',
  'Role/lessor',
  'RoleBinding/lessor',
  'SecurityContextConstraints/lessor',
  'ServiceAccount/lessor',
];

describe.skipIf(!available('the life of a release', noHelm(), 'may be missing'))('a release', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lessor-test-'));
  const at = (name: string) => join(directory, name);
  let cluster: HelmCluster;

  const helm = async (verb: string, ...args: string[]) => {
    cluster.changes.length = 0;
    const { PATH = '' } = process.env;
    const env = { PATH, HOME: directory, KUBECONFIG: at('kubeconfig') };
    const child = spawn('helm', [verb, 'lessor', ...args, '-n', 'kube-system'], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    return { code: code as number, said: `${out}${err}` };
  };
  const upgrade = (...values: string[]) =>
    helm(
      'upgrade',
      CHART,
      '--disable-openapi-validation',
      '--reuse-values',
      ...values.flatMap((one) => ['--set', one]),
    );
  /** Without what helm notes on objects whose kind it does not know. */
  const changed = () =>
    cluster.changes
      .filter(({ body }) => Object.keys(body ?? {}).join() !== 'metadata')
      .map(({ method, path }) => `${method} ${path.split('/').slice(-2).join('/')}`);

  beforeAll(async () => {
    cluster = await openHelmCluster();
    const kubeconfig = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'test', cluster: { server: cluster.server } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
      users: [{ name: 'test', user: {} }],
      'current-context': 'test',
    };
    writeFileSync(at('kubeconfig'), JSON.stringify(kubeconfig), { mode: 0o600 });
    writeFileSync(at('values.json'), JSON.stringify(LAST_VALUES));
  });
  afterAll(async () => {
    await cluster.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('is installed as the last release was', async () => {
    const installed = await helm('install', LAST_RELEASE, '-f', at('values.json'));
    expect(installed).toMatchObject({ code: 0, said: expect.stringContaining('STATUS: deployed') });
    expect(cluster.names()).toEqual(KINDS_THEN);
  });

  it('is upgraded with the values that it has: nothing is made anew, and no selector and no role is touched', async () => {
    expect(await upgrade()).toMatchObject({ code: 0 });
    expect(cluster.names()).toEqual(KINDS_THEN);
    expect(cluster.changes.filter(({ method }) => method !== 'PATCH')).toEqual([]);
    for (const { path, body } of cluster.changes)
      expect([path, JSON.stringify(body)]).not.toEqual([path, expect.stringMatching(/"(selector|roleRef)"/)]);
  });

  it('gets monitoring beside it, and nothing else changes but where the agent listens', async () => {
    const asked = [
      'podMonitor.enabled=true',
      'prometheusRule.enabled=true',
      'dashboard.enabled=true',
      'agent.host=0.0.0.0',
    ];
    expect(await upgrade(...asked)).toMatchObject({ code: 0 });
    expect(changed().sort()).toEqual([
      'PATCH daemonsets/lessor',
      'POST kube-system/configmaps',
      'POST kube-system/podmonitors',
      'POST kube-system/prometheusrules',
    ]);
  });

  it.each([
    ['succeeds', 'Succeeded', 0],
    ['fails', 'Failed', 1],
  ] as const)('is tested by a pod, which %s', async (_, phase, code) => {
    const tested = helm('test', '--logs');
    await expect
      .poll(() => cluster.get('Pod', 'lessor-test') && changed().some((one) => one.startsWith('POST')), {
        timeout: 20_000,
      })
      .toBe(true);
    cluster.ended('lessor-test', phase);
    expect(await tested).toMatchObject({
      code,
      said: expect.stringMatching(new RegExp(`Phase: +${phase}[^]*Check +answered`)),
    });
  });

  it('gets kubernetes.enabled with its rights; they go before the pods do, so that a taint has to go earlier', async () => {
    const rights = ['clusterroles', 'clusterrolebindings'];
    expect(await upgrade('kubernetes.enabled=true')).toMatchObject({ code: 0 });
    expect(changed()).toEqual(expect.arrayContaining(rights.map((kind) => `POST v1/${kind}`)));
    const patch = cluster.changes.find(({ path }) => path.endsWith('daemonsets/lessor'));
    expect(JSON.stringify(patch?.body)).toMatch(/--taint-after=30","--untaint-after=30"\]/);
    expect(await upgrade('kubernetes.taint=false')).toMatchObject({ code: 0 });
    expect(changed()).toEqual(['PATCH daemonsets/lessor']);
    expect(await upgrade('kubernetes.enabled=false')).toMatchObject({ code: 0 });
    expect(changed()).toEqual(expect.arrayContaining(rights.map((kind) => `DELETE ${kind}/lessor-node`)));
  });

  it('takes the plugin from the nodes while the agents go on, and is then gone, but for the pod of the test', async () => {
    expect(await upgrade('uninstall=true')).toMatchObject({
      code: 0,
      said: expect.stringContaining('The plugin leaves the nodes'),
    });
    const [patch] = cluster.changes.filter(({ path }) => path.endsWith('daemonsets/lessor'));
    expect(JSON.stringify(patch?.body)).toMatch(/"name":"uninstall"/);
    expect(await helm('uninstall')).toMatchObject({ code: 0 });
    // helm takes no pod of a test away. It had to stay for --logs.
    expect(cluster.names()).toEqual(['Pod/lessor-test']);
  });
});
