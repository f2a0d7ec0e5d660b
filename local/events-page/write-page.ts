/** Writes docs/events.md, which a test compares with the contract. */
import { writeFileSync } from 'node:fs';
import { eventsPage } from './page.ts';

const file = new URL('../../docs/events.md', import.meta.url);
writeFileSync(file, eventsPage());
console.log(`wrote ${file.pathname}`);
