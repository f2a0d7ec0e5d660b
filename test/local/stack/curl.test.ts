/** The commands of docs/operations.md, as a person types them: curl signs them, and it encodes a path once. */
import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { routes } from '../../../core/contract/routes.ts';
import { operatorClient } from '../../../local/demo/operator.ts';
import { type LocalStack, startStack } from '../../../local/stack/stack.ts';
import { available } from '../../support/prerequisite.ts';

const missing = spawnSync('curl', ['--version']).status === 0 ? [] : ['curl'];

describe.runIf(available('curl', missing))('curl', () => {
  let stack: LocalStack;
  beforeAll(async () => {
    stack = await startStack();
    const operator = operatorClient(stack.endpoint, stack.region, stack.operator);
    const ranges = [[{ subnet: '10.1.0.0/24' }], [{ subnet: 'fd00:1::/64' }]];
    await operator.ask('createPool', { body: { name: 'shop', ranges } });
  });
  afterAll(() => stack?.stop());

  const curl = async (path: string) => {
    const { accessKeyId, secretAccessKey } = stack.operator;
    const signature = ['--aws-sigv4', `aws:amz:${stack.region}:execute-api`];
    const user = ['--user', `${accessKeyId}:${secretAccessKey}`];
    const { stdout } = await promisify(execFile)('curl', [
      '--silent',
      ...signature,
      ...user,
      `${stack.endpoint}${path}`,
    ]);
    return JSON.parse(stdout);
  };
  const withAddress = (address: string) => curl(`${routes.searchAddress.path}?address=${encodeURIComponent(address)}`);

  it('reads a list', async () => {
    expect(await curl(routes.listPools.path)).toMatchObject({ pools: [{ name: 'shop' }] });
  });

  it.each(['10.1.0.5', 'fd00:1::5'])('asks who has %s', async (address) => {
    expect(await withAddress(address)).toMatchObject({ address, state: 'free', pool: 'shop' });
  });

  it('asks in vain where the address is in the path', async () => {
    expect(await curl('/v1/addresses/10.1.0.5')).toMatchObject({ state: 'free' });
    expect(await curl(`/v1/addresses/${encodeURIComponent('fd00:1::5')}`)).toEqual({ message: 'Forbidden' });
  });

  it('is told what is no address, and what is no parameter', async () => {
    expect(await withAddress('fd00:1::5/64')).toMatchObject({
      status: 422,
      detail: expect.stringContaining('fd00:1::5/64'),
    });
    expect(await curl(`${routes.searchAddress.path}?adress=10.1.0.5`)).toMatchObject({ status: 422 });
  });
});
