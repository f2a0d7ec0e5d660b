/** Writes docs/construct.md, which a test compares with the source. */
import { writeFileSync } from 'node:fs';
import { constructPage } from './page.ts';

const file = new URL('../../docs/construct.md', import.meta.url);
writeFileSync(file, constructPage());
console.log(`wrote ${file.pathname}`);
