/** `npm run restore-drill`: rehearses a restore on DynamoDB Local, and shows whose addresses are at risk. */
import { localTables } from '../store/local-tables.ts';
import { rehearse, textOf } from './rehearsal.ts';

const [unknown] = process.argv.slice(2);
if (unknown !== undefined) {
  console.error(
    `restore-drill takes no argument, and ${JSON.stringify(unknown)} is one: run \`npm run restore-drill\``,
  );
  process.exit(1);
}
const local = await localTables();
try {
  console.log(textOf(await rehearse(local)));
} finally {
  await local.stop();
}
