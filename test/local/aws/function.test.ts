import type { ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type FunctionDefinition, type LocalFunction, localFunction } from '../../../local/aws/function.ts';
import { newAccessKeys } from '../../../local/aws/identities.ts';
import { listen, portOf } from '../../../local/aws/loopback-server.ts';

/** A loaded machine may take its time. */
const patient = { timeout: 20_000 };

const running: LocalFunction[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((fn) => fn.stop()));
});

function fixture(handler: string, changes: Partial<FunctionDefinition> = {}, environments = 4): LocalFunction {
  const definition: FunctionDefinition = {
    name: 'fixture',
    functionName: 'Lessor-fixture',
    arn: 'arn:aws:lambda:us-east-1:000000000000:function:Lessor-fixture',
    code: fileURLToPath(new URL('fixtures', import.meta.url)),
    handler,
    environment: { LESSOR_POOLS_TABLE: 'pools' },
    timeoutMs: 10_000,
    memoryMb: 256,
    roleArn: 'arn:aws:iam::000000000000:role/fixture',
    rights: [],
    ...changes,
  };
  const fn = localFunction(definition, {
    region: 'us-east-1',
    dynamodb: 'http://127.0.0.1:1',
    credentials: newAccessKeys(),
    environments,
  });
  running.push(fn);
  return fn;
}

async function payload(fn: LocalFunction, event: unknown): Promise<Record<string, unknown>> {
  const result = await fn.invoke(event);
  if (!result.ok) throw new Error(`${result.errorType}: ${result.errorMessage}`);
  return JSON.parse(result.payload);
}

async function gate() {
  const server = await listen(0);
  const held: ServerResponse[] = [];
  server.on('request', (_, response) => held.push(response));
  const close = () => server.close();
  return { url: `http://127.0.0.1:${portOf(server)}`, held, close };
}

describe('a function', () => {
  it('gets the event, its context and an environment that is its own', async () => {
    const echo = fixture('echo.handler');
    const { body } = await payload(echo, { a: [1] });
    const seen = JSON.parse(String(body));
    expect(seen).toMatchObject({ event: { a: [1] }, invocations: 1, functionName: 'Lessor-fixture' });
    expect(seen.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(seen.remaining).toBeGreaterThan(0);
    expect(seen.remaining).toBeLessThanOrEqual(10_000);
    expect(seen.environment).toMatchObject({ LESSOR_POOLS_TABLE: 'pools', AWS_REGION: 'us-east-1' });
    expect(seen.environment).not.toHaveProperty('PATH');
  });

  it('keeps its environment for the next invocation', async () => {
    const echo = fixture('echo.handler');
    await payload(echo, {});
    const { body } = await payload(echo, {});
    expect(JSON.parse(String(body)).invocations).toBe(2);
  });

  it('runs one invocation at a time in each environment, in no more environments than there are; others wait', async () => {
    const fn = fixture('trouble.handler');
    const { url, held, close } = await gate();
    const invocations = Array.from({ length: 6 }, () => payload(fn, { gate: url }));
    await vi.waitFor(() => expect(held).toHaveLength(4), patient);
    for (const response of held.splice(0)) response.end();
    await vi.waitFor(() => expect(held).toHaveLength(2), patient);
    for (const response of held) response.end();
    const results = await Promise.all(invocations);
    expect(results.map(({ atOnce }) => atOnce)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(new Set(results.map(({ threadId }) => threadId)).size).toBe(4);
    close();
  });

  it('does not begin what nobody waits for any more when its turn comes', async () => {
    const fn = fixture('trouble.handler', {}, 1);
    const { url, held, close } = await gate();
    const first = payload(fn, { gate: url });
    await vi.waitFor(() => expect(held).toHaveLength(1), patient);
    const abandoned = fn.invoke({ gate: url }, () => true);
    const last = payload(fn, {});
    held[0]?.end();
    await Promise.all([first, last]);
    expect(await abandoned).toMatchObject({ ok: false, errorType: 'Abandoned' });
    expect(held).toHaveLength(1);
    close();
  });

  it('that throws answers its error, and goes on in the same environment', async () => {
    const fn = fixture('trouble.handler', {}, 1);
    const { threadId } = await payload(fn, {});
    expect(await fn.invoke({ act: 'throw' })).toEqual({
      ok: false,
      errorType: 'RangeError',
      errorMessage: 'no address is left',
    });
    expect(await payload(fn, {})).toMatchObject({ threadId });
  });

  it.each([
    ['ends its process', 'exit', { errorType: 'Runtime.ExitError', errorMessage: 'Runtime exited with 3' }],
    ['throws beside its handler', 'crash', { errorType: 'Error', errorMessage: 'thrown beside the handler' }],
    [
      'hangs',
      'hang',
      { errorType: 'Sandbox.Timedout', errorMessage: expect.stringMatching(/timed out after 2\.00 seconds/) },
    ],
    ['never gives up the processor', 'spin', { errorType: 'Sandbox.Timedout' }],
  ])('that %s loses its environment, and the next invocation gets a new one', async (_, act, error) => {
    const fn = fixture('trouble.handler', { timeoutMs: 2000 }, 1);
    const { threadId } = await payload(fn, {});
    expect(await fn.invoke({ act })).toMatchObject({ ok: false, ...error });
    expect((await payload(fn, {})).threadId).not.toBe(threadId);
  });

  it('whose environment ended between two invocations gets a new one', async () => {
    const fn = fixture('trouble.handler', {}, 1);
    const { threadId } = await payload(fn, { act: 'exit later' });
    await vi.waitFor(async () => expect((await payload(fn, {})).threadId).not.toBe(threadId), patient);
  });

  it('that has no such export, or no such file, says so', async () => {
    expect(await fixture('echo.missing').invoke({})).toMatchObject({
      errorMessage: expect.stringMatching(/echo\.mjs has no function missing$/),
    });
    expect(() => fixture('absent.handler')).toThrow('its handler absent.handler is in none of ');
  });

  it('writes into its own log', async () => {
    const echo = fixture('echo.handler');
    await payload(echo, {});
    await vi.waitFor(() => expect(echo.logs()).toEqual(['invocation 1']), patient);
  });

  it('that is stopped ends what runs and takes nothing more', async () => {
    const fn = fixture('trouble.handler', {}, 1);
    const { url, held, close } = await gate();
    const invocations = [fn.invoke({ gate: url }), fn.invoke({})];
    await vi.waitFor(() => expect(held).toHaveLength(1), patient);
    await fn.stop();
    const stopped = { ok: false, errorType: 'Stopped', errorMessage: 'The local stack was stopped' };
    expect(await Promise.all(invocations)).toEqual([stopped, stopped]);
    expect(await fn.invoke({})).toEqual(stopped);
    held[0]?.destroy();
    close();
  });
});
