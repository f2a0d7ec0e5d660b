/** What Kubernetes publishes of its API (its OpenAPI, as packages made of it carry it): which requests there are, and of what form. */
import { validate as event } from 'kubernetes-models/_schemas/IoK8sApiCoreV1Event';
import { validate as node } from 'kubernetes-models/_schemas/IoK8sApiCoreV1Node';
import { KubernetesClient } from 'kubernetesjs';

type Validate = ((data: unknown) => boolean) & { errors?: readonly { instancePath: string; keyword: string }[] | null };

const kinds: Readonly<Record<string, Validate>> = { nodes: node, events: event };

interface Operation {
  readonly name: string;
  readonly method: string;
  readonly path: RegExp;
}

/** Each method of the generated client says which request it makes. */
const operations: readonly Operation[] = Object.getOwnPropertyNames(KubernetesClient.prototype).flatMap((name) => {
  const text = String(Reflect.get(KubernetesClient.prototype, name));
  const [, path, method] = /const path = `([^`]+)`;[^;]+this\.(get|post|put|patch|delete)\(/s.exec(text) ?? [];
  if (path === undefined || method === undefined) return [];
  const pattern = path.replaceAll(/\$\{params\.path\.\w+\}/g, '[^/]+').replaceAll('.', '\\.');
  return [{ name, method: method.toUpperCase(), path: new RegExp(`^${pattern}$`) }];
});

/** Its name as the OpenAPI has it; undefined where there is no such request. */
export const operationOf = (method: string, path: string): string | undefined =>
  operations.find((one) => one.method === method && one.path.test(path))?.name;

/** What is wrong with an object; a patch is looked at with what it makes of one. */
export function wrongIn(kind: string, object: unknown, sent: unknown = object): string[] {
  const validate = kinds[kind];
  if (validate === undefined) return [`${kind} is none of ${Object.keys(kinds).join(', ')}`];
  const wrong = validate(object) ? [] : (validate.errors ?? []).map((one) => `${one.instancePath}: ${one.keyword}`);
  return [...wrong, ...unknownIn(sent, validate).map((path) => `${path}: no such field`)];
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Fields at which the schema's own validator never looks. Those of a strategic merge ($patch) are its directives. */
function unknownIn(data: unknown, validate: Validate): string[] {
  const known = new Set<string>();
  validate(watched(data, '', known));
  const unknown: string[] = [];
  const walk = (value: unknown, path: string) => {
    if (!isRecord(value)) return;
    for (const [key, inner] of Object.entries(value)) {
      const at = `${path}/${key}`;
      if (known.has(at)) walk(inner, at);
      else if (!key.startsWith('$')) unknown.push(at);
    }
  };
  walk(data, '');
  return unknown;
}

function watched(value: unknown, path: string, known: Set<string>): unknown {
  if (!isRecord(value)) return value;
  return new Proxy(value, {
    get(target, key) {
      if (typeof key === 'symbol') return Reflect.get(target, key);
      known.add(`${path}/${key}`);
      return watched(Reflect.get(target, key), `${path}/${key}`, known);
    },
  });
}
