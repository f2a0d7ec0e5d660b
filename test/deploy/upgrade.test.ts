/** From the chart of the last release to this one. With `--reuse-values`: helm-life.test.ts. */
import { describe, expect, it } from 'vitest';
import { available } from '../support/prerequisite.ts';
import { type KubernetesObject, LAST_VALUES, noHelm, objectsOf, render, renderLast } from './helm.ts';
import { podOf } from './privileges.ts';

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
    const before = noHelm().length > 0 ? [] : objectsOf(renderLast(LAST_VALUES));
    const after = noHelm().length > 0 ? [] : objectsOf(render(LAST_VALUES));

    it('with the values that were given changes nothing that cannot change', () => {
      expect(before.length).toBeGreaterThan(5);
      expect(broken(before, after)).toEqual([]);
    });

    it('takes every value of the last release, under the name and with the meaning that it had', () => {
      const argsIn = (objects: readonly KubernetesObject[]) => {
        const { initContainers, containers } = podOf(objects);
        return [...initContainers, ...containers].flatMap(({ args }) => args);
      };
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
