/** `npm run restore-drill`: rehearses a restore on DynamoDB Local, and shows whose addresses are at risk. */
import { localTables } from '../store/local-tables.ts';
import { rehearse, textOf } from './rehearsal.ts';

const local = await localTables();
try {
  console.log(textOf(await rehearse(local)));
} finally {
  await local.stop();
}
