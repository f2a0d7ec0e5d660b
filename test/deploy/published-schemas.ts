/** Kubernetes' published schemas by minor version, and those of the Prometheus operator's resources. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import Ajv2020 from '@redocly/ajv/dist/2020.js';
import type { KubernetesObject } from './helm.ts';
import { cached } from './tools.ts';

/** What an API server says against an object: none where it would take it. */
export type Verdict = (object: KubernetesObject) => string[];

interface Definition {
  readonly 'x-kubernetes-group-version-kind'?: readonly { group: string; version: string; kind: string }[];
}

const TSC = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));

export const SCHEMAS = cached('schemas');
export const VALIDATORS = cached('validators/node_modules/@kubernetes-models/prometheus-operator');

export const publishedVersions = (): string[] =>
  readdirSync(SCHEMAS)
    .map((file) => file.replace(/\.json$/, ''))
    .sort((a, b) => Number(a.split('.')[1]) - Number(b.split('.')[1]));

/** The schema of a version, in its strict form: what it does not know it refuses, as `kubectl apply` does. */
export function publishedSchema(version: string): Verdict {
  const document = JSON.parse(readFileSync(`${SCHEMAS}/${version}.json`, 'utf8')) as {
    $id: string;
    $defs: Record<string, Definition>;
  };
  const ajv = new Ajv2020.default({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema(document, 'kubernetes');
  const nameOf = ({ apiVersion, kind }: KubernetesObject): string | undefined => {
    const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
    return Object.entries(document.$defs).find(([, { 'x-kubernetes-group-version-kind': kinds = [] }]) =>
      kinds.some((one) => one.group === group && one.version === version && one.kind === kind),
    )?.[0];
  };
  return (object) => {
    const name = nameOf(object);
    if (name === undefined) return [`${object.kind}: ${version} does not have ${object.apiVersion}`];
    const validate = ajv.getSchema(`kubernetes#/$defs/${name}`);
    if (validate === undefined) throw new Error(`no schema ${name}`);
    validate(object);
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${object.kind}${instancePath}: ${message} ${JSON.stringify(params)}`,
    );
  };
}

const GROUP = 'monitoring.coreos.com/v1';
const KINDS = ['PodMonitor', 'PrometheusRule'] as const;

/** What the Prometheus operator's own schema says. Fields that it does not know it lets pass: `unknownFields` has those. */
export async function operatorSchema(): Promise<Verdict> {
  const kinds = new Map<string, new (object: object) => { validate(): void }>();
  for (const kind of KINDS) {
    const file = pathToFileURL(`${VALIDATORS}/${GROUP}/${kind}.js`).href;
    kinds.set(kind, (await import(file))[kind]);
  }
  return (object) => {
    const Kind = kinds.get(object.kind);
    if (Kind === undefined) return [`${object.kind} is not the operator's`];
    try {
      new Kind(object).validate();
      return [];
    } catch (error) {
      return [`${object.kind}: ${String(error)}`];
    }
  };
}

/** What the compiler says of the operator's resources as values of its types. */
export function unknownFields(objects: readonly KubernetesObject[]): string {
  const directory = mkdtempSync(cached('validators/check-'));
  try {
    const types = KINDS.map(
      (kind) => `import type { I${kind} } from '@kubernetes-models/prometheus-operator/${GROUP}/${kind}';`,
    );
    const values = objects.map(
      (object, index) => `export const x${index}: I${object.kind} = ${JSON.stringify(object)};`,
    );
    const file = `${directory}/objects.mts`;
    writeFileSync(file, [...types, ...values].join('\n'));
    const flags = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--ignoreConfig', '--types', ''];
    const { stdout, stderr } = spawnSync(process.execPath, [TSC, ...flags, file], { encoding: 'utf8' });
    return `${stdout}${stderr}`;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
