/**
 * schemathesis makes requests of the OpenAPI document alone, and compares each answer with it. `npm run test:long` runs it;
 * test/clients/python/schemathesis.toml says what is checked and what is not.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
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
  if (EXAMPLES > 0) stack = await startStack();
});
afterAll(async () => {
  await stack?.stop();
  rmSync(directory, { recursive: true });
});

describe.runIf(EXAMPLES > 0 && hasPython('schemathesis'))('the API', () => {
  it('answers whatever fits the document as the document says', { timeout: 60 * 60_000 }, async () => {
    await askOperation(stack, stack.operator, 'createPool', { body: examples.createPool.body });
    await askOperation(stack, stack.nodes[0], 'allocate', { body: examples.allocate.body });
    cpSync('test/clients/python', directory, { recursive: true });
    const said = await runClient(
      stack,
      python('schemathesis'),
      [
        ...['--config-file', 'schemathesis.toml', 'run', SPECIFICATION, '--url', stack.endpoint],
        ...['--max-examples', String(EXAMPLES), '--no-color'],
      ],
      { cwd: directory, minutes: 55 },
    );
    expect(said).toMatch(/No issues found/);
  });
});
