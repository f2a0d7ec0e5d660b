/** `npm run reclaim-scale`: what the reclaim costs with 10,000 nodes, and with 2,000 deaths a day; with --write, into docs/reclaim.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { localTables } from '../store/local-tables.ts';
import { monthOf } from './month.ts';
import { deathsTable, monthTable, noneDeadTable, PAGE, put } from './page.ts';
import { type Metered, metered, noneDead, nothingDue, ofDeath } from './wire.ts';

const NODES = 10_000;
const MONTH = { aDay: 2_000, days: 30, atOnce: 1_000 };
/** Those that are not settled yet, and the day's that are. */
const RECENT = 8 * MONTH.aDay;
/** All cost the same. */
const DEATHS = 50;

async function atTheWire<T>(work: (deployment: Metered) => Promise<T>): Promise<T> {
  const local = await localTables();
  try {
    return await work(metered());
  } finally {
    await local.stop();
  }
}

const alive = await atTheWire((deployment) => noneDead(deployment, NODES));
const death = await atTheWire((deployment) => ofDeath(deployment, DEATHS));
const idle = await atTheWire((deployment) => nothingDue(deployment, RECENT));
const month = await monthOf(MONTH, { note: (day) => process.stderr.write(`day ${day} …\n`) });
const tables = {
  alive: noneDeadTable(alive),
  deaths: deathsTable(death, idle, RECENT),
  month: monthTable(month, MONTH.aDay, death, idle),
};
console.log(Object.values(tables).flat().join('\n'));
if (process.argv.includes('--write')) {
  const page = Object.entries(tables).reduce((text, [name, rows]) => put(text, name, rows), readFileSync(PAGE, 'utf8'));
  writeFileSync(PAGE, page);
}
