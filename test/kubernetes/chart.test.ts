/** What the chart gives the agent for its part with Kubernetes, as helm renders it. */
import { describe, expect, test } from 'vitest';
import { noHelm, objectsIn, render } from '../deploy/helm.ts';
import { excesses, podOf } from '../deploy/privileges.ts';
import { available } from '../support/prerequisite.ts';
import { rulesOfChart } from './rights.ts';

const DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';
const rendered = (values: object) => {
  const rendering = render({ endpoint: 'https://api.example', ...values });
  if (!rendering.ok) throw new Error(rendering.error);
  return objectsIn(rendering.text);
};
const agentArgs = (values: object) => podOf(rendered(values)).containers[0]?.args ?? [];

describe.skipIf(!available('the chart, rendered by helm', noHelm(), 'may be missing'))('kubernetes.enabled', () => {
  test('by default no right is asked for, and no token is mounted', () => {
    const objects = rendered({});
    expect(objects.filter(({ kind }) => kind.startsWith('ClusterRole'))).toEqual([]);
    expect(JSON.stringify(objects)).not.toMatch(/serviceAccountToken"|--kubernetes/);
  });

  test('gives the rights that the tests of this folder give, to the service account of the pods', () => {
    const objects = rendered({ kubernetes: { enabled: true } });
    expect(objects.find(({ kind }) => kind === 'ClusterRole')).toMatchObject({ rules: rulesOfChart() });
    expect(objects.find(({ kind }) => kind === 'ClusterRoleBinding')).toMatchObject({
      roleRef: { kind: 'ClusterRole', name: 'lessor-node' },
      subjects: [{ kind: 'ServiceAccount', name: 'lessor', namespace: 'kube-system' }],
    });
  });

  test('mounts the token into the agent alone, read-only, and gives the pod nothing else', () => {
    const pod = podOf(rendered({ kubernetes: { enabled: true } }));
    const mounting = [...pod.initContainers, ...pod.containers].filter(({ volumeMounts }) =>
      volumeMounts.some(({ mountPath }) => mountPath === DIRECTORY),
    );
    expect(mounting.map(({ name }) => name)).toEqual(['agent']);
    expect(mounting[0]?.volumeMounts).toContainEqual({ name: 'service-account', mountPath: DIRECTORY, readOnly: true });
    expect(excesses(pod)).toEqual([]);
  });

  test('tells the agent for how long, and to set no taint where none is wanted or the plugin goes', () => {
    const times = { enabled: true, taintAfterSeconds: 5, untaintAfterSeconds: 90 };
    expect(agentArgs({ kubernetes: times })).toEqual(
      expect.arrayContaining([`--kubernetes=${DIRECTORY}`, '--taint-after=5', '--untaint-after=90']),
    );
    expect(agentArgs({ kubernetes: times })).not.toContain('--untaint');
    expect(agentArgs({ kubernetes: { ...times, taint: false } })).toContain('--untaint');
    expect(agentArgs({ kubernetes: times, uninstall: true })).toContain('--untaint');
  });

  test('is switched on beside the values of a release that did not know it, as --reuse-values has them', () => {
    const unknown = { taint: null, taintAfterSeconds: null, untaintAfterSeconds: null };
    const args = agentArgs({ kubernetes: { enabled: true, ...unknown } });
    expect(args).toEqual(expect.arrayContaining(['--taint-after=30', '--untaint-after=30']));
    expect(args).not.toContain('--untaint');
    const never = agentArgs({
      kubernetes: { enabled: true, taint: false, taintAfterSeconds: 0, untaintAfterSeconds: 0 },
    });
    expect(never).toEqual(expect.arrayContaining(['--taint-after=0', '--untaint-after=0', '--untaint']));
  });
});
