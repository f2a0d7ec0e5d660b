/** A minor version adds fields to results, and codes to problems: whoever validates answers against today's document accepts them. */
import { describe, expect, it } from 'vitest';
import type { RouteName } from '../../../core/contract/paths.ts';
import { routes } from '../../../core/contract/routes.ts';
import { examples } from '../../../local/openapi/examples/examples.ts';
import { type Document, document, operationOf, validators } from '../../support/documented.ts';

const names = Object.keys(routes) as RouteName[];
const JSON_MEDIA = 'application/json';

const pointerOf = (content: Document): string => content[JSON_MEDIA].schema.$ref.slice(1);

/** Keys of such an object are names that the caller chooses, not fields. */
const isMap = (key: string) => ['labels', 'nodeLabels', 'quotas'].includes(key);

/** With one field more in every object. */
function grown(value: Document, key = ''): Document {
  if (Array.isArray(value)) return value.map((one) => grown(one, key));
  if (typeof value !== 'object' || value === null || isMap(key)) return value;
  const members = Object.entries(value).map(([name, one]) => [name, grown(one, name)]);
  return { ...Object.fromEntries(members), addedLater: { by: 'a minor version' } };
}

/** One copy for each object in the value, with one field more there. */
function grownOnce(value: Document, key = ''): Document[] {
  if (typeof value !== 'object' || value === null || isMap(key)) return [];
  const inner = Object.entries(value).flatMap(([name, one]) =>
    grownOnce(one, name).map((copy) =>
      Array.isArray(value)
        ? value.map((old, index) => (String(index) === name ? copy : old))
        : { ...value, [name]: copy },
    ),
  );
  return Array.isArray(value) ? inner : [{ ...value, addedLater: true }, ...inner];
}

describe('the additive rule', () => {
  const validate = validators();

  it.each(names)('holds for what %s answers: each object may have fields that are not known', (name) => {
    const { status, result } = examples[name];
    const fits = validate(pointerOf(operationOf(name).responses[status].content));
    expect([fits(result), fits.errors]).toEqual([true, null]);
    expect([fits(grown(result)), fits.errors]).toEqual([true, null]);
  });

  it.each(names.filter((name) => examples[name].body))(
    'does not loosen what %s is asked: no field but the known ones',
    (name) => {
      const { body } = examples[name];
      const fits = validate(pointerOf(operationOf(name).requestBody.content));
      expect([fits(body), fits.errors]).toEqual([true, null]);
      const copies = grownOnce(body);
      expect(copies.length).toBeGreaterThan(0);
      for (const copy of copies) expect([copy, fits(copy)]).toEqual([copy, false]);
    },
  );

  it('holds for problems: a code and a fact that are not known fit', () => {
    const [problem] = document.components.schemas.Problem.examples;
    const fits = validate('/components/schemas/Problem');
    for (const one of [
      problem,
      { ...problem, code: 'pool.of-tomorrow', type: 'urn:lessor:problem:pool.of-tomorrow', fact: 1 },
    ])
      expect([fits(one), fits.errors]).toEqual([true, null]);
    expect(fits({ ...problem, status: 'conflict' })).toBe(false);
  });

  it('is broken by a result that is closed, and this test finds it', () => {
    const closed = structuredClone(document);
    closed.components.schemas.Pool.additionalProperties = false;
    const fits = validators(closed)('/components/schemas/Pool');
    expect(fits(examples.readPool.result)).toBe(true);
    expect(fits(grown(examples.readPool.result))).toBe(false);
  });
});
