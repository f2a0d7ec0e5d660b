/** Writes docs/lessorctl.md below its mark, which a test compares with the commands. */
import { readFileSync, writeFileSync } from 'node:fs';
import { controlPage } from './page.ts';

const file = new URL('../../docs/lessorctl.md', import.meta.url);
writeFileSync(file, await controlPage(readFileSync(file, 'utf8')));
console.log(`wrote ${file.pathname}`);
