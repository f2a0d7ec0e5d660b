/** From the chart of the last release to this one. The folder last-release has its values and what it rendered of them. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseYaml } from '@redocly/openapi-core';
import { describe, expect, it } from 'vitest';
import { available } from '../support/prerequisite.ts';
import { CHART, type KubernetesObject, noHelm, objectsIn, objectsOf, render, type Values } from './helm.ts';

const read = (path: string) => readFileSync(path, 'utf8');
const last = (file: string) => read(fileURLToPath(new URL(`last-release/${file}`, import.meta.url)));
const valuesOf = (text: string) => parseYaml(text) as Record<string, unknown>;

/** Without what the chart has become able to say since: `--reuse-values` does not take its new defaults. */
function reused(then: Values, now: Values): Values {
  const isObject = (value: unknown): value is Values =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  const without = Object.keys(now).filter((key) => !(key in then));
  const within = Object.entries(then).map(([key, value]) => {
    const other = now[key];
    return [key, isObject(value) && isObject(other) ? reused(value, other) : value] as const;
  });
  return { ...Object.fromEntries(within), ...Object.fromEntries(without.map((key) => [key, null])) };
}

const nameOf = ({ kind, metadata: { name, namespace } }: KubernetesObject) => `${kind} ${namespace ?? ''}/${name}`;

/** What Kubernetes refuses to change, or helm would remove and make anew. */
function broken(before: readonly KubernetesObject[], after: readonly KubernetesObject[]): string[] {
  return before.flatMap((old) => {
    const now = after.find((one) => nameOf(one) === nameOf(old));
    if (now === undefined) return [`${nameOf(old)} is gone`];
    const fixed = [
      ['spec.selector', (object: KubernetesObject) => (object.spec as { selector?: unknown })?.selector],
      ['roleRef', (object: KubernetesObject) => object.roleRef],
      ['its name as an account', serviceAccountOf],
    ] as const;
    return fixed
      .filter(([, of]) => JSON.stringify(of(old)) !== JSON.stringify(of(now)))
      .map(([field]) => `${nameOf(old)}: ${field} changed`);
  });
}

/** It is what rights and OpenShift's constraints are given to. */
const serviceAccountOf = ({ spec }: KubernetesObject): unknown =>
  (spec as { template?: { spec: { serviceAccountName?: string } } })?.template?.spec.serviceAccountName;

describe.skipIf(!available('the upgrade of the chart', noHelm(), 'may be missing'))(
  'an upgrade from the last release',
  () => {
    const before = objectsIn(last('objects.yaml'));
    const then = valuesOf(last('values.yaml'));
    const now = valuesOf(read(`${CHART}/values.yaml`));

    it.each<[string, Values]>([
      ['the values that were given', then],
      ['--reuse-values', reused(then, now)],
    ])('with %s changes nothing that cannot change', (_, values) => {
      expect(broken(before, objectsOf(render(values)))).toEqual([]);
    });

    it('takes every value of the last release, under the name and with the meaning that it had', () => {
      const after = objectsOf(render(reused(then, now)));
      const argsIn = (objects: readonly KubernetesObject[]) =>
        objects
          .filter(({ kind }) => kind === 'DaemonSet')
          .flatMap(({ spec }) => {
            const { initContainers, containers } = (
              spec as { template: { spec: Record<'initContainers' | 'containers', { args: string[] }[]> } }
            ).template.spec;
            return [...initContainers, ...containers].flatMap(({ args }) => args);
          });
      expect(argsIn(after)).toEqual(expect.arrayContaining(argsIn(before)));
      expect(after.map(nameOf).sort()).toEqual(before.map(nameOf).sort());
    });

    it.each<[string, (object: KubernetesObject) => KubernetesObject[], RegExp]>([
      ['a selector', (one) => [{ ...one, spec: { ...(one.spec as object), selector: {} } }], /spec\.selector changed/],
      ['a name', (one) => [{ ...one, metadata: { ...one.metadata, name: 'other' } }], /is gone/],
      ['a role', (one) => [{ ...one, roleRef: { name: 'other' } }], /roleRef changed/],
      ['an object', () => [], /is gone/],
    ])('would find %s that changed', (_, change, found) => {
      expect(broken(before, before.flatMap(change)).join('\n')).toMatch(found);
    });
  },
);
