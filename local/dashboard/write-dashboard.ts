/** Writes the chart's dashboard, which a test compares with what makes it. */
import { writeFileSync } from 'node:fs';
import { nodesDashboardText } from './dashboard.ts';

const file = new URL('../../deploy/chart/lessor/dashboard.json', import.meta.url);
writeFileSync(file, nodesDashboardText());
console.log(`wrote ${file.pathname}`);
