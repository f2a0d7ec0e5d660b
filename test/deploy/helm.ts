/** The chart, as helm renders it. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseYaml } from '@redocly/openapi-core';

export const CHART = fileURLToPath(new URL('../../deploy/chart/lessor', import.meta.url));
/** A helm that was built without its release's flags takes itself for one of an old cluster. */
const KUBERNETES = '1.31.0';

export const noHelm = (): string[] => (spawnSync('helm', ['version']).error === undefined ? [] : ['helm']);

export type Values = Readonly<Record<string, unknown>>;
export type Rendering = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly error: string };

/** @param values what a user writes, beside the chart's own */
export function render(values: Values, namespace = 'kube-system'): Rendering {
  const call = ['template', 'lessor', CHART, '-n', namespace, '--kube-version', KUBERNETES, '-f', '-'];
  return outcome(spawnSync('helm', call, { input: JSON.stringify(values), encoding: 'utf8' }));
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
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

/** The objects of a file with several documents. */
export const objectsIn = (text: string): KubernetesObject[] =>
  text
    .split(/^---$/m)
    .map((document) => parseYaml(document) as KubernetesObject | undefined)
    .filter((object) => object != null);
