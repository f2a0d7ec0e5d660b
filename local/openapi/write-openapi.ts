/** Writes docs/openapi.json, which a test compares with the contract. */
import { readFileSync, writeFileSync } from 'node:fs';
import { openApiDocument } from './document.ts';

const file = new URL('../../docs/openapi.json', import.meta.url);
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
writeFileSync(file, `${JSON.stringify(openApiDocument(version), null, 2)}\n`);
console.log(`wrote ${file.pathname}`);
