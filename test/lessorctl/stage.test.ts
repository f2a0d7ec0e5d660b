/** The stages of both kinds of API, by the AWS SDK's own requests. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { closeStep } from '../../lessorctl/backup/closing-steps.ts';
import type { RestoreParts } from '../../lessorctl/backup/restore-parts.ts';
import { isClosed, readThrottle, type Stage } from '../../lessorctl/backup/stage.ts';
import { stageOf } from '../../lessorctl/backup/stage-of.ts';
import { type ControlPlane, controlPlane } from '../restore/control-plane.ts';
import { signAs } from './control.ts';

let plane: ControlPlane;
beforeAll(async () => {
  plane = await controlPlane('http://127.0.0.1:9', [], Date.now);
  vi.stubEnv('AWS_ENDPOINT_URL', plane.endpoint);
  signAs({ accessKeyId: 'AKID', secretAccessKey: 'secret', sessionToken: 'token' });
});
afterAll(() => plane?.stop());

const at = (endpoint: string) => stageOf({ endpoint, region: 'eu-central-1', profile: undefined }, undefined);
const KINDS = [
  ['an HTTP API', 'https://abc123.execute-api.eu-central-1.amazonaws.com'],
  ['a private API', 'https://abc123-vpce-0123456789abcdef0.execute-api.eu-central-1.amazonaws.com/lessor'],
] as const;

describe.each(KINDS)('the stage of %s', (kind, endpoint) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await at(endpoint);
  });
  beforeEach(() => {
    plane.http.DefaultRouteSettings = { ThrottlingRateLimit: 2000, ThrottlingBurstLimit: 1000 };
    plane.http.RouteSettings = {};
    plane.rest.methodSettings = { '*/*': { throttlingRateLimit: 2000, throttlingBurstLimit: 1000 } };
    plane.changes.length = 0;
  });
  const open = { throttle: { rate: 2000, burst: 1000 }, isClosedForAdds: false, others: [] };
  const all = { rate: 6000, burst: 4000 };

  it('is closed, opened for all but ADDs, and opened', async () => {
    expect(stage.name).toContain('API abc123');
    expect(await stage.read()).toEqual(open);
    await stage.close();
    expect(await stage.read()).toEqual({ throttle: { rate: 0, burst: 0 }, isClosedForAdds: true, others: [] });
    await stage.openButAdds(all);
    expect(await stage.read()).toEqual({ throttle: all, isClosedForAdds: true, others: [] });
    await stage.openAdds();
    expect(await stage.read()).toEqual({ throttle: all, isClosedForAdds: false, others: [] });
    // Each in one request: nothing comes through in between.
    expect(plane.changes).toHaveLength(3);
  });

  it('is closed for ADDs too where that route has a throttle of its own', async () => {
    await stage.openButAdds(all);
    plane.http.RouteSettings['POST /v1/leases'] = { ThrottlingRateLimit: 5, ThrottlingBurstLimit: 5 };
    plane.rest.methodSettings['v1/leases/POST'] = { throttlingRateLimit: 5, throttlingBurstLimit: 5 };
    expect(await stage.read()).toMatchObject({ isClosedForAdds: false });
    await stage.close();
    expect(await stage.read()).toMatchObject({ throttle: { rate: 0, burst: 0 }, isClosedForAdds: true });
  });

  it('is not taken for closed while another route has a throttle of its own', async () => {
    plane.http.RouteSettings['GET /v1/pools'] = { ThrottlingRateLimit: 5, ThrottlingBurstLimit: 5 };
    plane.rest.methodSettings['v1/pools/GET'] = { throttlingRateLimit: 5, throttlingBurstLimit: 5 };
    await stage.close();
    const { others } = await stage.read();
    expect(others).toEqual([kind === 'an HTTP API' ? 'GET /v1/pools' : 'v1/pools/GET']);
    const parts = { stage, notes: { current: undefined } } as unknown as RestoreParts;
    const step = closeStep(
      { time: '', source: { pools: 'P', leases: 'L' }, target: { pools: 'Q', leases: 'M' } },
      parts,
    );
    expect(await step.look()).toMatchObject({ state: 'to do' });
    await expect(step.carryOut?.()).rejects.toThrow('cannot be closed as a whole');
  });
});

describe('the API', () => {
  it('is the one that the stack names, else that of its host name', async () => {
    const [, [, endpoint]] = KINDS;
    const target = { endpoint: 'https://ipam.example.com/', region: 'eu-central-1', profile: undefined };
    await expect(stageOf(target, undefined)).rejects.toThrow(
      'does not say which API of API Gateway it is: give the --stack',
    );
    expect((await stageOf(target, 'xyz')).name).toBe('HTTP API xyz');
    expect((await stageOf({ ...target, endpoint }, 'xyz')).name).toBe('REST API xyz');
  });

  it('is closed where rate or burst is 0', () => {
    expect([readThrottle('0/0'), readThrottle('2000/1000'), readThrottle('0.5/1')]).toEqual([
      ...[
        { rate: 0, burst: 0 },
        { rate: 2000, burst: 1000 },
        { rate: 0.5, burst: 1 },
      ],
    ]);
    expect([readThrottle(undefined), readThrottle('x'), readThrottle('1/1.5')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(
      [
        { rate: 0, burst: 5 },
        { rate: 5, burst: 0 },
        { rate: 1, burst: 1 },
      ].map(isClosed),
    ).toEqual([true, true, false]);
  });
});
