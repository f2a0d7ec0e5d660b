/** The API is away while three nodes add and delete containers: for 15 s, in `npm run test:long` for a minute. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operatorClient } from '../../local/demo/operator.ts';
import { type LocalStack, startStack } from '../../local/stack/stack.ts';
import { inLong, isLong } from '../support/long.ts';
import { type OutageReport, outage } from './outage.ts';

const SECONDS = inLong(60, 15);
const CLEAR_MS = inLong(8_000, 3_000);
/** Of a whole call (20 s, after 10 s of waiting for others), and of a machine that has other work. */
const DEADLINE_MS = 40_000;

describe('three nodes that lose the API for a while', () => {
  let stack: LocalStack;
  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(() => stack.stop());

  const loseTheApi = async (affinity: 'node' | 'shared', seconds: number): Promise<OutageReport> => {
    const name = `away-${affinity}`;
    const net = affinity === 'node' ? '73' : '74';
    const ranges = [[{ subnet: `10.${net}.0.0/20` }], [{ subnet: `fd00:${net}::/116` }]];
    const operator = operatorClient(stack.endpoint, stack.region, stack.operator);
    // More slots than a node uses in a minute: one that was released cools meanwhile.
    await operator.ask('createPool', { body: { name, affinity, blockSize: 256, cooldownSeconds: 0, ranges } });
    const configuration = { cniVersion: '1.0.0', name, type: 'lessor', ipam: { type: 'lessor', pool: name } };
    const ms = (seconds * 1000) / 3;
    const weather = [{ is: 'refused', ms } as const, { is: 'silent', ms } as const, { is: 'late', ms } as const];
    const report = await outage({ stack, configuration, nodes: 3, weather, clearMs: [CLEAR_MS, 1_500] });
    const { calls, repeated, flushed, reconciled, living } = report;
    const of = (verb: 'ADD' | 'DEL') => {
      const all = calls.filter((call) => call.verb === verb);
      const failed = all.filter(({ code }) => code !== undefined).length;
      const during = all.filter(({ weather: [began] }) => began !== 'clear').length;
      const slowest = Math.max(...all.map((call) => Math.round(call.ms)));
      return `${all.length} ${verb}s, ${during} of them in the outage, ${failed} failed, the slowest took ${slowest} ms`;
    };
    process.stderr.write(
      `${affinity} affinity, ${seconds} s: ${of('ADD')}; ${of('DEL')}; ${repeated} DELs repeated, ${flushed.reported} leases reported, ` +
        `${flushed.released} released, ${reconciled} by reconcile, ${living.length} live\n`,
    );
    return report;
  };

  it('go on from their own blocks, and afterwards the table and the journals agree', async () => {
    const { calls, conflicts, flushed, living, journals, table, end } = await loseTheApi('node', SECONDS);
    expect(calls.filter(({ code }) => code !== undefined)).toEqual([]);
    for (const { is } of [{ is: 'refused' }, { is: 'silent' }, { is: 'late' }])
      expect(calls.some(({ verb, weather: [began] }) => verb === 'ADD' && began === is)).toBe(true);
    expect(conflicts).toEqual([]);
    const away = calls.filter(({ verb, weather }) => verb === 'ADD' && weather.at(-1) !== 'clear');
    const ofTheOutage = new Set(away.map(({ containerId }) => containerId));
    expect(living.some((lease) => ofTheOutage.has(lease.split(' ')[1] ?? ''))).toBe(true);
    expect(flushed.failures).toEqual([]);
    expect(living).not.toEqual([]);
    expect(journals).toEqual(living);
    expect(table).toEqual(living);
    expect(await end()).toEqual([]);
  }, 600_000);

  it('say of a shared pool that the runtime should try again later, and nothing is lost', async () => {
    const { calls, conflicts, living, journals, table, end } = await loseTheApi('shared', Math.min(SECONDS, 36));
    const failed = calls.filter(({ code }) => code !== undefined);
    // An ADD asks for 20 s.
    if (isLong) expect(failed).not.toEqual([]);
    expect(failed.filter(({ verb }) => verb === 'DEL')).toEqual([]);
    expect(failed.filter(({ code, ms }) => code !== 11 || ms > DEADLINE_MS)).toEqual([]);
    expect(failed.filter(({ weather }) => weather.every((one) => one === 'clear'))).toEqual([]);
    expect(conflicts).toEqual([]);
    expect(living).not.toEqual([]);
    expect(journals).toEqual(living);
    expect(table).toEqual(living);
    expect(await end()).toEqual([]);
  }, 600_000);
});
