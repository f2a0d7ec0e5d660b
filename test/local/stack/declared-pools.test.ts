/** Pools that the settings declare, in the local stack: made when the stack is, by the bundled function with its rights. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operatorClient } from '../../../local/demo/operator.ts';
import { createCustomResources } from '../../../local/stack/custom-resources.ts';
import { type LocalStack, startStack } from '../../../local/stack/stack.ts';

let stack: LocalStack;

beforeAll(async () => {
  const pools = [
    { name: 'blue', ranges: [[{ subnet: '10.1.0.0/16' }]], cooldownSeconds: 5 },
    { name: 'blue', vrf: 'red', ranges: [[{ subnet: '10.1.0.0/16' }]] },
  ];
  stack = await startStack({ settings: { pools }, environments: 1 });
});
afterAll(() => stack?.stop());

describe('declared pools', () => {
  it('are there once the stack is', async () => {
    const operator = operatorClient(stack.endpoint, stack.region, stack.operator);
    const { pools } = await operator.ask('listPools');
    expect(pools.map(({ name, cooldownSeconds }) => [name, cooldownSeconds])).toEqual([['blue', 5]]);
    expect((await operator.ask('listPools', { query: { vrf: 'red' } })).pools).toHaveLength(1);
    expect(stack.wire.total({ function: 'define-pools', operation: 'PutItem' })).toBeGreaterThan(0);
    expect(stack.functionLogs('define-pools').join('\n')).not.toMatch(/ResponseURL|http:/);
  });
});

describe('a custom resource', () => {
  const definition = { logicalId: 'Blue', type: 'Custom::LessorPool', function: 'f', properties: {} };
  const answering = (answer: object) => async (_: string, event: unknown) => {
    const { ResponseURL } = event as { ResponseURL: string };
    await fetch(ResponseURL, { method: 'PUT', body: JSON.stringify(answer) });
    return { ok: true, payload: 'null' } as const;
  };

  it('that fails ends the making of the stack with its reason', async () => {
    const failing = answering({ Status: 'FAILED', Reason: 'pool.overlap: somebody has it' });
    await expect(createCustomResources([definition], 'arn', failing)).rejects.toThrow(
      'Blue was not created: pool.overlap: somebody has it',
    );
  });

  it('whose function crashes does as well', async () => {
    const crash = async () => ({ ok: false, errorType: 'Error', errorMessage: 'no', payload: '' }) as const;
    await expect(createCustomResources([definition], 'arn', crash)).rejects.toThrow('Blue was not created: Error: no');
  });
});
