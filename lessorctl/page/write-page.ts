/** Writes docs/lessorctl.md below its mark, and docs/pools.schema.json. A test compares both with the commands. */
import { readFileSync, writeFileSync } from 'node:fs';
import { controlPage } from './page.ts';
import { poolsSchema } from './pools-schema.ts';

const page = new URL('../../docs/lessorctl.md', import.meta.url);
writeFileSync(page, await controlPage(readFileSync(page, 'utf8')));
const schema = new URL('../../docs/pools.schema.json', import.meta.url);
writeFileSync(schema, poolsSchema());
console.log(`wrote ${page.pathname} and ${schema.pathname}`);
