/**
 * schemathesis makes requests of the OpenAPI document alone, and compares each answer with it. `npm run test:long` runs it;
 * test/clients/python/schemathesis.toml says what is checked and what is not.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examples } from '../../local/openapi/examples/examples.ts';
import { type LocalStack, startStack } from '../../local/stack/stack.ts';
import { askOperation } from '../support/asking.ts';
import { inLong } from '../support/long.ts';
import { hasPython, python, runClient, SPECIFICATION } from './client-process.ts';

/** Requests of each operation. */
const EXAMPLES = inLong(100, 0);

let stack: LocalStack;
const directory = mkdtempSync(join(tmpdir(), 'lessor-schemathesis-'));
beforeAll(async () => {
  cpSync('test/clients/python', directory, { recursive: true });
  if (EXAMPLES > 0) stack = await startStack();
});
afterAll(async () => {
  await stack?.stop();
  rmSync(directory, { recursive: true });
});

/** What it prints of an API that answers by the document. */
async function compare(specification: string, ...options: string[]): Promise<string> {
  const config = ['--config-file', 'schemathesis.toml', 'run', specification, '--url', stack.endpoint, '--no-color'];
  return runClient(stack, python('schemathesis'), [...config, ...options], { cwd: directory, minutes: 55 });
}

describe.runIf(EXAMPLES > 0 && hasPython('schemathesis'))('schemathesis', () => {
  it('finds no answer that the document does not tell of', { timeout: 60 * 60_000 }, async () => {
    await askOperation(stack, stack.operator, 'createPool', { body: examples.createPool.body });
    await askOperation(stack, stack.nodes[0], 'allocate', { body: examples.allocate.body });
    const said = await compare(SPECIFICATION, '--max-examples', String(EXAMPLES));
    expect(said).toMatch(/Tested: 24\b/);
    expect(said).toMatch(/(\d+) generated, \1 passed/);
  });

  it('would find one', async () => {
    const document = JSON.parse(readFileSync(SPECIFICATION, 'utf8'));
    document.components.schemas.ListPoolsResult.properties.pools.maxItems = 0;
    writeFileSync(join(directory, 'narrow.json'), JSON.stringify(document));
    const body = { name: 'seen', ranges: [[{ subnet: '10.99.0.0/24' }]] };
    await askOperation(stack, stack.operator, 'createPool', { body });
    const compared = compare('narrow.json', '--include-operation-id', 'listPools', '--max-examples', '5');
    await expect(compared).rejects.toThrow(/Response violates schema/);
  });
});
