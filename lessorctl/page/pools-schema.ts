/** docs/pools.schema.json: how files of pools are written, for editors and for checks of a repository. JSON Schema 2020-12. */
import * as z from 'zod/mini';
import { poolsFile } from '../commands/pools-file.ts';

export function poolsSchema(): string {
  const schema = z.toJSONSchema(poolsFile, { io: 'input', unrepresentable: 'any' });
  const whole = { $id: 'urn:lessor:pools', title: 'Pools as lessorctl apply takes them', ...schema };
  return `${JSON.stringify(whole, undefined, 2)}\n`;
}
