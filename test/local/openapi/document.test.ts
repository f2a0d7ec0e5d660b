import { readFileSync } from 'node:fs';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { describe, expect, it } from 'vitest';
import { problems } from '../../../core/contract/problems.ts';
import { refusals } from '../../../core/contract/refusals.ts';
import { routes } from '../../../core/contract/routes.ts';
import { openApiDocument } from '../../../local/openapi/document.ts';
import { type Document, resolved } from '../../support/documented.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const document: Document = openApiDocument(version);
const copy = (): Document => structuredClone(document);

/** Beside what the linter's strict set has. */
const RULES = {
  'component-name-unique': 'error',
  'no-duplicated-enum-values': 'error',
  'no-invalid-media-type-examples': 'error',
  'no-invalid-parameter-examples': 'error',
  'no-invalid-schema-examples': 'error',
  'no-required-schema-properties-undefined': 'error',
  'no-schema-type-mismatch': 'error',
  'no-unused-components': 'error',
  'operation-4xx-problem-details-rfc7807': 'off',
  'operation-description': 'error',
  'operation-singular-tag': 'error',
  'parameter-description': 'error',
  'path-http-verbs-order': 'off',
  'paths-kebab-case': 'error',
  'request-mime-type': { severity: 'error', allowedValues: ['application/json'] },
  'response-contains-header': { severity: 'error', names: { '2xx': ['lessor-contract'] } },
  'response-mime-type': { severity: 'error', allowedValues: ['application/json', 'application/problem+json'] },
  'spec-components-invalid-map-name': 'error',
} as const;

const findings = async (of: Document) => {
  const config = await createConfig({ extends: ['recommended-strict'], rules: RULES });
  const found = await lintFromString({ source: JSON.stringify(of), config });
  return found.map(
    ({ severity, ruleId, message, location }) => `${severity} ${ruleId}: ${message} ${location[0]?.pointer}`,
  );
};

const operationsOf = ({ paths }: Document): Document[] =>
  Object.values(paths as Record<string, Document>).flatMap((methods) => Object.values(methods as Document));

/** Everything that a reader would have to guess the meaning of. */
function undescribed(of: Document): string[] {
  const isTold = (one: Document) => typeof one.description === 'string' && one.description.length > 10;
  const parts = operationsOf(of).flatMap((operation: Document) => [
    [operation.operationId, operation],
    ...operation.parameters.map((one: Document) => [`${operation.operationId} ${one.name}`, resolved(one, of)]),
    ...Object.entries(operation.responses).map(([status, one]) => [
      `${operation.operationId} ${status}`,
      resolved(one, of),
    ]),
  ]);
  const members = (name: string, schema: Document): [string, Document][] => [
    ...Object.entries((schema.properties ?? {}) as Record<string, Document>).flatMap(([member, one]) => [
      [`${name}.${member}`, one] as [string, Document],
      ...members(`${name}.${member}`, one),
    ]),
    ...(schema.items ? members(`${name}[]`, schema.items) : []),
  ];
  const schemas = Object.entries(of.components.schemas as Record<string, Document>);
  return [...parts, ...schemas, ...schemas.flatMap(([name, schema]) => members(name, schema))]
    .filter(([, one]) => !isTold(one))
    .map(([name]) => name);
}

describe('the OpenAPI document', () => {
  it('is the one in docs/openapi.json: npm run openapi writes it', () => {
    expect(JSON.parse(readFileSync('docs/openapi.json', 'utf8'))).toEqual(document);
  });

  it('has nothing that a strict linter finds', async () => {
    expect(await findings(document)).toEqual([]);
  });

  it('has every route once', () => {
    const names = operationsOf(document).map(({ operationId }) => operationId);
    expect(names.sort()).toEqual(Object.keys(routes).sort());
  });

  it('describes each operation, parameter, answer, object and property', () => {
    expect(undescribed(document)).toEqual([]);
  });

  it('has a name for every object, so that no client makes up one', () => {
    const unnamed = (at: string, schema: Document): string[] => {
      if (typeof schema !== 'object' || schema === null) return [];
      const inner = Object.entries(schema).flatMap(([key, one]) => unnamed(`${at}/${key}`, one));
      return schema.type === 'object' && schema.properties ? [at, ...inner] : inner;
    };
    const schemas = Object.entries(document.components.schemas as Record<string, Document>);
    expect(schemas.flatMap(([name, one]) => unnamed(name, one)).filter((at) => at.includes('/'))).toEqual([]);
  });

  it('lists each status of a route with its problems, by number', () => {
    for (const operation of operationsOf(document)) {
      const name = operation.operationId as keyof typeof refusals;
      for (const code of refusals[name]) {
        const { status } = problems[code] as { status?: number };
        expect(resolved(operation.responses[String(status)], document).description).toContain(`\`${code}\``);
      }
      for (const status of ['403', '404', '429', '500', '503'])
        expect(resolved(operation.responses[status], document).content['application/json']).toBeDefined();
      expect(Object.keys(operation.responses).filter((status) => !/^\d{3}$/.test(status))).toEqual([]);
    }
  });
});

describe('the checks find', () => {
  it('a schema that is referred to and not there', async () => {
    const broken = copy();
    delete broken.components.schemas.Pool;
    expect((await findings(broken)).length).toBeGreaterThan(0);
  });

  it('an example that does not fit its schema', async () => {
    const broken = copy();
    broken.paths['/v1/leases'].post.requestBody.content['application/json'].example.attempt = 'first';
    expect((await findings(broken)).join()).toContain('no-invalid-media-type-examples');
  });

  it('what has no description', () => {
    const broken = copy();
    delete broken.components.schemas.Pool.properties.quota.description;
    delete broken.components.parameters.IfMatch.description;
    delete broken.paths['/v1/leases'].post.description;
    delete broken.components.schemas.Death.description;
    expect(new Set(undescribed(broken))).toEqual(
      new Set(['allocate', 'changePool undefined', 'deletePool undefined', 'Pool.quota', 'Death']),
    );
  });
});
