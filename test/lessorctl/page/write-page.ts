/** Writes docs/lessorctl.md below its mark, and docs/pools.schema.json: `npm run ctl-page`. Tests compare both with the commands. */
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { controlPage } from '../../../lessorctl/page/page.ts';
import { poolsSchema } from '../../../lessorctl/page/pools-schema.ts';
import { startStack } from '../../../local/stack/stack.ts';
import { typedExamples } from './world.ts';

const PAGE = 'docs/lessorctl.md';
const SCHEMA = 'docs/pools.schema.json';

const stack = await startStack();
try {
  const { accessKeyId, secretAccessKey, sessionToken = '' } = stack.operator;
  const nowhere = join(tmpdir(), 'lessorctl-no-such-file');
  Object.assign(process.env, {
    ...{ AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken },
    ...{ AWS_CONFIG_FILE: nowhere, AWS_SHARED_CREDENTIALS_FILE: nowhere },
  });
  const examples = await typedExamples(stack);
  for (const { line, ran } of examples) if (ran.code !== 0) console.log(`${line}: exit code ${ran.code}`);
  const shown = new Map(examples.map((one) => [one.line, one.shown]));
  writeFileSync(PAGE, await controlPage(readFileSync(PAGE, 'utf8'), shown));
  writeFileSync(SCHEMA, poolsSchema());
  console.log(`wrote ${PAGE} and ${SCHEMA}`);
} finally {
  await stack.stop();
}
