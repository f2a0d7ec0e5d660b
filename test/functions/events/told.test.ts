/** What is told where no change of a table tells it: a lost lease, a node in doubt. */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { environment } from '../../../core/contract/environment.ts';
import type { ReportRequest } from '../../../core/contract/lease.ts';
import type { Dependencies } from '../../../functions/use-cases/dependencies.ts';
import { reportTold } from '../../../functions/use-cases/leases/report-told.ts';
import { declareDeath } from '../../../functions/use-cases/nodes/declare-death.ts';
import { heartbeatTold } from '../../../functions/use-cases/nodes/heartbeat-told.ts';
import { type CheckingEvents, checkingEvents } from '../checking-events.ts';
import { evidenceWorld } from '../use-cases/evidence/evidence-world.ts';
import { add, addOf, callOf, del, delOf, operatorsPool, proposal, refusalOf, type World, world } from '../world.ts';

const blue = { vrf: 'default', name: 'blue' };
const failing = { put: () => Promise.reject(new Error('EventBridge failed')) };
const ids = (details: readonly { readonly id: string }[]) => new Set(details.map(({ id }) => id));

/** Node i-2 holds slot 1, which node i-1 asserts. */
async function disputed() {
  const here = world();
  const pool = await operatorsPool(here, { addresses: 8, blockSize: 4 });
  await add(here.environment(), 'i-2', addOf(2, { pool: blue, proposal: proposal(pool, 0, 1) }));
  const { attachment, nonce, boot } = addOf(1, { pool: blue });
  const request: ReportRequest = {
    ...{ attachment, nonce, boot, generation: 1, again: true },
    pod: { namespace: 'shop', name: 'web-0' },
    slot: { pool: pool.id, block: '0', slot: 1 },
  };
  return { here, pool, request };
}

describe('a lease that is lost', () => {
  it('is told with its address and who has it, each time as the same event', async () => {
    const { here, pool, request } = await disputed();
    const events = checkingEvents();
    for (const _ of ['once', 'again']) {
      here.clock.now += 60_000;
      const told = reportTold(here.environment({ events }), callOf('i-1'), request);
      expect((await refusalOf(told)).code).toBe('lease.lost');
    }
    const lost = events.of('leaseLost');
    expect(lost).toHaveLength(2);
    expect(ids(lost).size).toBe(1);
    expect(lost[0]).toMatchObject({
      ...{
        node: 'i-1',
        attachment: request.attachment,
        pod: request.pod,
        poolId: pool.id,
        vrf: 'default',
        pool: 'blue',
      },
      ...{ block: '0', slot: 1, addresses: [expect.stringMatching(/^10\./)] },
      why: expect.stringContaining('container-2 of node i-2'),
    });
  });

  it('is refused as it would be without events, where none can be put', async () => {
    const { here, request } = await disputed();
    const told = reportTold(here.environment({ events: failing }), callOf('i-1'), request);
    expect((await refusalOf(told)).code).toBe('lease.lost');
  });

  it('is told although its pool is gone, or cannot be read', async () => {
    const { here, request } = await disputed();
    const events = checkingEvents();
    const slot = { ...request.slot, pool: 'f'.repeat(16) };
    expect((await refusalOf(reportTold(here.environment({ events }), callOf('i-1'), { ...request, slot }))).code).toBe(
      'lease.lost',
    );
    expect(events.of('leaseLost')).toMatchObject([{ poolId: slot.pool, why: expect.stringContaining('no pool') }]);
  });
});

it('An ADD, a report that is granted, a DEL and a heartbeat of a life that goes on put nothing', async () => {
  const here = world();
  const pool = await operatorsPool(here, { addresses: 8, blockSize: 4 });
  const put = vi.fn(() => Promise.reject(new Error('something is put')));
  const deps = here.environment({ events: { put } });
  const request = addOf(1, { pool: blue, proposal: proposal(pool, 0, 1) });
  const { slot } = await add(deps, 'i-1', request);
  const { attachment, nonce, boot } = request;
  await reportTold(deps, callOf('i-1'), { attachment, nonce, boot, slot, generation: 1, again: true });
  await del(deps, 'i-1', delOf(1, { slot }));
  await heartbeatTold(deps, callOf('i-1'), { boot });
  expect(put).not.toHaveBeenCalled();
});

describe('a node that was declared dead', () => {
  const declared = async (here: World) => {
    const pool = await operatorsPool(here, { addresses: 8, blockSize: 4 });
    await add(here.environment(), 'i-1', addOf(1, { pool: blue, proposal: proposal(pool, 0, 1) }));
    await declareDeath(here.environment(), callOf('user/ann'), { node: 'i-1', reason: 'it burnt', alsoIfAlive: true });
  };
  const say = (deps: Dependencies) => heartbeatTold(deps, callOf('i-1'), { boot: 'boot-1' });

  it('and says that it is up is in doubt, each time as the same event', async () => {
    const here = world();
    await declared(here);
    const events = checkingEvents();
    for (const _ of ['once', 'again'])
      expect(await say(here.environment({ events }))).toMatchObject({ declaredDead: true });
    const doubts = events.of('nodeInDoubt');
    expect(doubts).toMatchObject(Array(2).fill({ node: 'i-1', incarnation: 1, because: 'heard-of-after-death' }));
    expect(ids(doubts).size).toBe(1);
  });

  it('is told that it was, where no event can be put', async () => {
    const here = world();
    await declared(here);
    expect(await say(here.environment({ events: failing }))).toMatchObject({ declaredDead: true, incarnation: 1 });
  });
});

describe('a node whose instance EC2 is not clear about', () => {
  let evidence: typeof import('../../../functions/evidence/handler.ts').evidence;
  beforeAll(async () => {
    Object.assign(process.env, { [environment.poolsTable]: 'Pools', [environment.leasesTable]: 'Leases' });
    ({ evidence } = await import('../../../functions/evidence/handler.ts'));
    vi.spyOn(console, 'error').mockReturnValue(undefined);
  });
  const context = { getRemainingTimeInMillis: () => 60_000 };
  const terminated = (instance: string) => ({
    ...{ id: 'e-1', source: 'aws.ec2', 'detail-type': 'EC2 Instance State-change Notification' },
    ...{ account: '123456789012', region: 'eu-central-1', time: '2026-01-01T00:00:00Z', resources: [] },
    detail: { 'instance-id': instance, state: 'terminated' },
  });
  const I = 'i-0123456789abcdef0';

  async function unclear(events: Pick<CheckingEvents, 'put'>) {
    const { deps, node, ec2, held } = evidenceWorld();
    await node(I, 1);
    ec2.set(I, 'running');
    return { deps: { ...deps, events }, held };
  }
  const records = (...bodies: object[]) =>
    ({ Records: bodies.map((body, index) => ({ messageId: `m-${index}`, body: JSON.stringify(body) })) }) as never;

  it('is in doubt, and keeps what it has', async () => {
    const events = checkingEvents();
    const { deps, held } = await unclear(events);
    const answer = await evidence(deps, records(terminated(I)), context);
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm-0' }] });
    expect(events.of('nodeInDoubt')).toMatchObject([
      { node: I, because: 'evidence-unclear', why: 'EC2 says that it is running' },
    ]);
    expect(await held(I)).toBe(1);
  });

  it('comes again in the queue, whether or not the event could be put', async () => {
    const { deps } = await unclear(failing);
    expect(await evidence(deps, records(terminated(I)), context)).toEqual({
      batchItemFailures: [{ itemIdentifier: 'm-0' }],
    });
  });

  it('is in no doubt where EC2 does not answer: the queue tells it again', async () => {
    const events = checkingEvents();
    const { deps } = await unclear(events);
    const silent = { ...deps.instances, lookUp: async () => ({ is: 'failed' as const, why: 'RequestLimitExceeded' }) };
    const answer = await evidence({ ...deps, instances: silent }, records(terminated(I)), context);
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm-0' }] });
    expect(events.told).toEqual([]);
  });

  it('is in doubt by the hourly look too', async () => {
    const events = checkingEvents();
    const { deps } = await unclear(events);
    const silent = { ...deps.instances, lookUp: async () => ({ is: 'answered' as const, states: new Map() }) };
    await evidence({ ...deps, instances: silent }, {}, context);
    expect(events.of('nodeInDoubt')).toMatchObject([{ node: I, because: 'evidence-unclear' }]);
  });
});
