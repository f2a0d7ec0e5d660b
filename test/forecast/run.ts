/** `npm run forecast-error`: how right forecasts are. With --write into docs/forecast.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { allJudged, PAGE, tables, withTables } from './table.ts';

const results = allJudged();
console.log(tables(results).join('\n\n'));
if (process.argv.includes('--write')) writeFileSync(PAGE, withTables(readFileSync(PAGE, 'utf8'), results));
