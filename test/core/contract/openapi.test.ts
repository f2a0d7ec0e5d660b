import { readFileSync } from 'node:fs';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { describe, expect, it } from 'vitest';
import { openApiDocument } from '../../../core/contract/openapi.ts';
import { routes } from '../../../core/contract/routes.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const findings = async (document: unknown) => {
  const config = await createConfig({ extends: ['recommended'] });
  const found = await lintFromString({ source: JSON.stringify(document), config });
  return found.map(
    ({ severity, ruleId, message, location }) => `${severity} ${ruleId}: ${message} ${location[0]?.pointer}`,
  );
};

describe('the OpenAPI document', () => {
  it('is the one in docs/openapi.json: npm run openapi writes it', () => {
    expect(JSON.parse(readFileSync('docs/openapi.json', 'utf8'))).toEqual(openApiDocument(version));
  });

  it('has nothing that a linter finds', async () => {
    expect(await findings(openApiDocument(version))).toEqual([]);
  });

  it('that refers to a schema which is not there is found out', async () => {
    const { components: _, ...broken } = openApiDocument(version);
    expect((await findings(broken)).length).toBeGreaterThan(0);
  });

  it('has every route once', () => {
    const { paths } = openApiDocument(version) as { paths: Record<string, Record<string, { operationId: string }>> };
    const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
    expect(operations.map(({ operationId }) => operationId).sort()).toEqual(Object.keys(routes).sort());
  });
});
