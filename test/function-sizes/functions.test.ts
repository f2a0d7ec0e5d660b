/** The use cases that once did not fit, at the size that a function has by default; `npm run functions` measures all of them at several. */
import { expect, it } from 'vitest';
import { isLong } from '../support/long.ts';
import { available } from '../support/prerequisite.ts';
import { cpuShare } from './cpu-share.ts';
import { measured } from './measure.ts';

const DEFAULT_MB = 1024;
const ONCE_TOO_LARGE = [
  'a block of 64 is given back',
  'usage, exact, of a full /16',
  'reclaim of a dead node with one block of 64 leases',
  'recount of a full /16',
  'count of 500 changes of 50 namespaces',
];
const share = isLong ? cpuShare(DEFAULT_MB) : undefined;
await share?.remove();
const missing = share === undefined ? ['a control group whose processor time can be limited'] : [];
const runs = isLong && available('functions at the processor’s share of their memory', missing, 'may be missing');

it.skipIf(!runs)('the functions fit their size', { timeout: 300_000 }, async () => {
  const outcomes = await measured([DEFAULT_MB], (name) => ONCE_TOO_LARGE.includes(name));
  expect(outcomes.map(({ name, at }) => [name, at.map(({ wrong }) => wrong)])).toEqual(
    ONCE_TOO_LARGE.map((name) => [name, [undefined]]),
  );
});

it.skipIf(!runs)('a size that is too small is found out', { timeout: 300_000 }, async () => {
  const [outcome] = await measured([128], (name) => name === 'usage, exact, of a full /16');
  expect(outcome?.at[0]?.wrong).toBeTypeOf('string');
});
