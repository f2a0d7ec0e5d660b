/** The chart, as helm renders it. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseYaml } from '@redocly/openapi-core';

export const CHART = fileURLToPath(new URL('../../deploy/chart/lessor', import.meta.url));
/** A helm that was built without its release's flags takes itself for one of an old cluster. */
const KUBERNETES = '1.31.0';

export const noHelm = (): string[] => (spawnSync('helm', ['version']).error === undefined ? [] : ['helm']);

/** The chart of the last release, as `helm package` makes it of that release's sources. */
export const LAST_RELEASE = fileURLToPath(new URL('last-release.tgz', import.meta.url));
/** What somebody gave to it: each object that it could bring, and more than the least. */
export const LAST_VALUES = {
  endpoint: 'https://abc123.execute-api.eu-central-1.amazonaws.com',
  platform: 'openshift',
  image: { repository: 'registry.example/lessor' },
  labels: { 'example.com/rack': '7' },
  conflist: {
    name: '10-pods.conflist',
    content: { cniVersion: '1.0.0', name: 'pods', plugins: [{ type: 'bridge', ipam: { type: 'lessor' } }] },
  },
  agent: { dataDirs: ['/var/lib/cni/networks/.lessor'] },
} as const;

export type Values = Readonly<Record<string, unknown>>;
export type Rendering = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly error: string };

/** What `helm install` brings. @param values what a user writes, beside the chart's own */
export const render = (values: Values): Rendering => template(values, ['--skip-tests']);

/** What `helm test` starts beside it. */
export const renderTest = (values: Values): Rendering => template(values, ['--show-only', 'templates/tests/node.yaml']);

/** The same of the last release. */
export const renderLast = (values: Values): Rendering => template(values, ['--skip-tests'], LAST_RELEASE);

function template(values: Values, flags: readonly string[], chart = CHART): Rendering {
  const call = ['template', 'lessor', chart, '-n', 'kube-system', '--kube-version', KUBERNETES, ...flags, '-f', '-'];
  return outcome(spawnSync('helm', call, { input: JSON.stringify(values), encoding: 'utf8' }));
}

/** @throws Error with what helm says against it */
export function objectsOf(rendering: Rendering): KubernetesObject[] {
  if (!rendering.ok) throw new Error(rendering.error);
  return objectsIn(rendering.text);
}

export const lint = (values: Values): Rendering =>
  outcome(
    spawnSync('helm', ['lint', CHART, '--strict', '--kube-version', KUBERNETES, '-f', '-'], {
      input: JSON.stringify(values),
      encoding: 'utf8',
    }),
  );

const outcome = ({ status, stdout, stderr }: { status: number | null; stdout: string; stderr: string }): Rendering =>
  status === 0 ? { ok: true, text: stdout } : { ok: false, error: `${stdout}${stderr}` };

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** The objects of a file with several documents. */
export const objectsIn = (text: string): KubernetesObject[] =>
  text
    .split(/^---$/m)
    .map((document) => parseYaml(document) as KubernetesObject | undefined)
    .filter((object) => object != null);
