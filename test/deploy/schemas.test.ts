import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { available } from '../support/prerequisite.ts';
import { type KubernetesObject, noHelm, objectsIn, objectsOf, render, renderTest, type Values } from './helm.ts';
import {
  operatorSchema,
  publishedSchema,
  publishedVersions,
  SCHEMAS,
  unknownFields,
  VALIDATORS,
} from './published-schemas.ts';
import { missingTools } from './tools.ts';

const MANIFESTS = fileURLToPath(new URL('../../deploy/manifests', import.meta.url));
const endpoint = 'https://abc123.execute-api.eu-central-1.amazonaws.com';
const platforms = readdirSync(MANIFESTS).map((file) => file.replace(/\.yaml$/, ''));
const manifests = platforms.map(
  (name) => [name, objectsIn(readFileSync(`${MANIFESTS}/${name}.yaml`, 'utf8'))] as const,
);
const missing = missingTools(SCHEMAS, VALIDATORS);

/** Every value that adds to what is rendered, by what it adds. */
const VARIANTS: Readonly<Record<string, Values>> = {
  'as it is': {},
  'what Kubernetes hears': { kubernetes: { enabled: true } },
  'everything that is on the node': {
    region: 'eu-central-1',
    labels: { 'example.com/rack': '7' },
    credentials: { profile: 'lessor' },
    conflist: { name: '10-pods.conflist', content: { cniVersion: '1.0.0', name: 'pods', plugins: [{ type: 'x' }] } },
    agent: { host: '::', port: 9100, graceSeconds: 0, dataDirs: ['/var/lib/cni/networks/.lessor'] },
    seLinuxOptions: { type: 'spc_t', level: 's0' },
  },
  'everything that a cluster may have': {
    image: { digest: `sha256:${'0'.repeat(64)}`, pullPolicy: 'Always' },
    imagePullSecrets: [{ name: 'registry' }],
    nodeSelector: { pool: 'blue' },
    tolerations: [{ key: 'gpu', operator: 'Equal', value: 'yes', effect: 'NoSchedule' }],
    affinity: { podAntiAffinity: {} },
    maxUnavailable: 1,
  },
  'the least': {
    agent: { hostPID: false, resources: {} },
    priorityClassName: '',
    nodeSelector: null,
    tolerations: [],
  },
  uninstall: { uninstall: true },
  monitoring: {
    agent: { host: '0.0.0.0' },
    podMonitor: { enabled: true, labels: { release: 'kps' }, interval: '1m' },
    prometheusRule: { enabled: true, namespace: 'monitoring', without: ['LessorVersionsDiffer'] },
    dashboard: { enabled: true, annotations: { grafana_folder: 'Network' } },
  },
};
/** Whose values the pod of `helm test` has. */
const WITH_TEST = new Set(['everything that is on the node', 'everything that a cluster may have', 'the least']);
const OPERATORS = 'monitoring.coreos.com/';
/** Of OpenShift itself, which publishes no schema of it here. */
const isElsewhere = ({ apiVersion }: KubernetesObject) =>
  apiVersion.startsWith(OPERATORS) || apiVersion.startsWith('security.openshift.io/');

function rendered(platform: string): KubernetesObject[] {
  return Object.entries(VARIANTS).flatMap(([name, values]) => [
    ...objectsOf(render({ endpoint, platform, ...values })),
    ...(WITH_TEST.has(name) ? objectsOf(renderTest({ endpoint, platform, ...values })) : []),
  ]);
}

describe.skipIf(!available('the published schemas of Kubernetes', missing, 'may be missing'))(
  'by the published schemas',
  () => {
    const schemas = new Map(
      (missing.length > 0 ? [] : publishedVersions()).map((version) => [version, publishedSchema(version)]),
    );

    it('of the last three minor versions of Kubernetes', () => {
      expect([...schemas.keys()]).toEqual(['1.35', '1.36', '1.37']);
    });

    it.each([...schemas.keys()])('%s takes each manifest', (version) => {
      const verdict = schemas.get(version) ?? (() => ['no schema']);
      for (const [name, objects] of manifests)
        expect([name, ...objects.filter((one) => !isElsewhere(one)).flatMap(verdict)]).toEqual([name]);
    });

    it.each<[string, (object: KubernetesObject) => void, RegExp]>([
      [
        'a field that is misspelt',
        (set) => Reflect.set(set.spec as object, 'updateStrategies', {}),
        /updateStrategies/,
      ],
      ['a port that is a text', (set) => Reflect.set(portOf(set), 'containerPort', '9464'), /containerPort/],
      ['a selector that is missing', (set) => Reflect.deleteProperty(set.spec as object, 'selector'), /selector/],
      [
        'a kind of an older version',
        (set) => Reflect.set(set, 'apiVersion', 'extensions/v1beta1'),
        /extensions\/v1beta1/,
      ],
    ])('would find %s', (_, break_, named) => {
      const [, objects] = manifests[0] ?? ['', []];
      const set = structuredClone(objects.find(({ kind }) => kind === 'DaemonSet'));
      if (set === undefined) throw new Error('the manifest has no DaemonSet');
      break_(set);
      for (const verdict of schemas.values()) expect(verdict(set).join('\n')).toMatch(named);
    });

    describe.skipIf(!available('the chart by the published schemas', noHelm(), 'may be missing'))(
      'what helm renders',
      () => {
        it.each(platforms)('for %s, with all that values can add, is taken by each version', (platform) => {
          const objects = rendered(platform);
          expect(new Set(objects.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(6);
          for (const [version, verdict] of schemas)
            expect([version, ...objects.filter((one) => !isElsewhere(one)).flatMap(verdict)]).toEqual([version]);
        });

        it("of the operator's resources has what the operator knows, and nothing else", async () => {
          const verdict = await operatorSchema();
          const objects = rendered('generic').filter(({ apiVersion }) => apiVersion.startsWith(OPERATORS));
          expect(objects.map(({ kind }) => kind)).toEqual(['PodMonitor', 'PrometheusRule']);
          expect(objects.flatMap(verdict)).toEqual([]);
          expect(unknownFields(objects)).toBe('');
          const [monitor, rule] = structuredClone(objects) as [KubernetesObject, KubernetesObject];
          const [endpoints] = (monitor.spec as { podMetricsEndpoints: object[] }).podMetricsEndpoints;
          Object.assign(endpoints ?? {}, { interval: '30', prot: 'metrics' });
          Object.assign((rule.spec as { groups: object[] }).groups[0] ?? {}, { name: 7 });
          expect([monitor, rule].flatMap(verdict).join()).toMatch(/PodMonitor: .*interval.*PrometheusRule: .*name/);
          expect(unknownFields([monitor])).toMatch(/"prot"' does not exist/);
        });
      },
    );
  },
);

function portOf({ spec }: KubernetesObject): object {
  const { template } = spec as { template: { spec: { containers: { ports: object[] }[] } } };
  const port = template.spec.containers[0]?.ports[0];
  if (port === undefined) throw new Error('the agent has no port');
  return port;
}
