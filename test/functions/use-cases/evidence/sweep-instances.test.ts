import { describe, expect, it } from 'vitest';
import { allocate } from '../../../../functions/use-cases/add/allocate.ts';
import { sweepInstances } from '../../../../functions/use-cases/evidence/sweep-instances.ts';
import { counted } from '../../intercepted.ts';
import { addOf, callOf, START } from '../../world.ts';
import { call, evidenceWorld, OTHER, OWN } from './evidence-world.ts';

const idOf = (number: number) => `i-${number.toString(16).padStart(17, '0')}`;
const [one, two, three] = [idOf(1), idOf(2), idOf(3)];
const HOUR = 3_600_000;

describe('the look at all instances', () => {
  it('frees those that are terminated, and no other', async () => {
    const { deps, ec2, node, held } = evidenceWorld();
    for (const [container, id] of [one, two, three].entries()) await node(id, container);
    ec2.set(one, 'terminated').set(two, 'stopped').set(three, 'running');
    const report = await sweepInstances(deps, call);
    expect(report).toEqual({
      looked: 3,
      ended: [{ node: one, incarnation: 1, freed: 1 }],
      neverSeen: [],
      unclear: [],
      failures: [],
      complete: true,
    });
    expect([await held(one), await held(two), await held(three)]).toEqual([0, 1, 1]);
  });

  it('asks for instances of the own account only', async () => {
    const { deps, ec2, node, held, asked } = evidenceWorld();
    const others = [`${OTHER}/${two}`, 'role/racks/rack-7', 'user/ann', `aws-cn:${OTHER}/${three}`];
    for (const [container, id] of [one, ...others].entries()) await node(id, container);
    ec2.set(one, 'running');
    expect(await sweepInstances(deps, call)).toMatchObject({ looked: 1, ended: [], neverSeen: [] });
    expect(asked).toEqual([{ region: OWN.region, ids: [one] }]);
    for (const id of others) expect(await held(id)).toBe(1);
  });

  it('takes “not found” for the end only of what an earlier look had found', async () => {
    const { deps, ec2, node, held, at } = evidenceWorld();
    await node(one, 1);
    await node(two, 2);
    ec2.set(one, 'running');
    expect(await sweepInstances(deps, call)).toMatchObject({ ended: [], neverSeen: [two] });
    ec2.delete(one);
    at.clock.now += HOUR;
    expect(await sweepInstances(deps, call)).toMatchObject({ ended: [{ node: one }], neverSeen: [two] });
    expect([await held(one), await held(two)]).toEqual([0, 1]);
  });

  it('frees nothing of another Region’s instances, as where tables were restored elsewhere', async () => {
    const { deps, ec2, node, held, at } = evidenceWorld();
    await node(one, 1);
    ec2.set(one, 'running');
    await sweepInstances(deps, call);
    ec2.delete(one);
    at.clock.now += HOUR;
    const elsewhere = { ...deps, own: { ...OWN, region: 'eu-west-1' } };
    expect(await sweepInstances(elsewhere, call)).toMatchObject({ ended: [], neverSeen: [one] });
    expect(await held(one)).toBe(1);
  });

  it('frees nothing of another account’s instances, as where tables were restored in another account', async () => {
    const { deps, ec2, held, at, asked } = evidenceWorld();
    const account = { partition: OWN.partition, id: OWN.id };
    await allocate(at.environment(), { ...callOf(one), account }, addOf(1));
    ec2.set(one, 'running');
    await sweepInstances(deps, call);
    ec2.delete(one);
    at.clock.now += HOUR;
    asked.length = 0;
    const elsewhere = { ...deps, own: { ...OWN, id: OTHER } };
    expect(await sweepInstances(elsewhere, call)).toMatchObject({ looked: 0, ended: [] });
    expect(asked).toEqual([]);
    expect(await held(one)).toBe(1);
    expect(await sweepInstances(deps, call)).toMatchObject({ ended: [{ node: one }] });
  });

  it('frees nothing that was heard of a moment ago, whatever EC2 does not find', async () => {
    const { deps, ec2, node, held, at } = evidenceWorld();
    await node(one, 1);
    ec2.set(one, 'running');
    await sweepInstances(deps, call);
    ec2.delete(one);
    at.clock.now += HOUR;
    await at.store.nodes.noteHeartbeat(one, { incarnation: 1, heartbeatAt: at.clock.now - 60_000 });
    expect(await sweepInstances(deps, call)).toMatchObject({ ended: [], unclear: [one] });
    expect(await held(one)).toBe(1);
  });

  it('frees nothing of a node that leases, although no heartbeat of it is listed and EC2 does not find it', async () => {
    const { deps, ec2, node, held, at } = evidenceWorld();
    await node(one, 1);
    ec2.set(one, 'running');
    // Two looks at once, right after the launch: EC2 knows it for the one, and not yet for the other.
    await sweepInstances(deps, call);
    ec2.delete(one);
    expect(await sweepInstances(deps, call)).toMatchObject({ ended: [], unclear: [one] });
    at.clock.now += HOUR;
    await node(one, 2);
    expect(await sweepInstances(deps, call)).toMatchObject({ ended: [], unclear: [one] });
    expect(await held(one)).toBe(2);
    at.clock.now += HOUR;
    expect(await sweepInstances(deps, call)).toMatchObject({ ended: [{ node: one, freed: 2 }] });
  });

  it('asks for no id that can be no instance’s: EC2 would answer for none of the others', async () => {
    const { deps, ec2, node, asked } = evidenceWorld();
    for (const [container, id] of ['i-012345678', 'i-01234567', one].entries()) await node(id, container);
    ec2.set(one, 'terminated');
    expect(await sweepInstances(deps, call)).toMatchObject({ ended: [{ node: one }], neverSeen: ['i-01234567'] });
    expect(asked.flatMap(({ ids }) => ids)).not.toContain('i-012345678');
  });

  it('comes to each instance, though a run never gets farther than one question', async () => {
    const { deps, asked, at } = evidenceWorld();
    for (let number = 0; number < 2_000; number += 1)
      await at.store.nodes.noteListed(idOf(number), { incarnation: 1 }, START);
    for (let run = 0; run < 16; run += 1) {
      const before = asked.length;
      await sweepInstances(deps, { remainingMs: () => (asked.length === before ? 60_000 : 1_000) });
      at.clock.now += HOUR;
    }
    expect(asked).toHaveLength(16);
    expect(new Set(asked.flatMap(({ ids }) => ids)).size).toBe(2_000);
  });

  it('frees nothing where it has no answer, and says why', async () => {
    const { deps, node, held, instead } = evidenceWorld();
    await node(one, 1);
    instead(() => ({ is: 'failed', why: 'DescribeInstances: UnauthorizedOperation: no' }));
    expect(await sweepInstances(deps, call)).toMatchObject({
      ended: [],
      failures: ['DescribeInstances: UnauthorizedOperation: no'],
    });
    instead(() => ({ is: 'answered', states: new Map() }));
    expect(await sweepInstances(deps, call)).toMatchObject({ ended: [], unclear: [one] });
    expect(await held(one)).toBe(1);
  });

  it('asks for 1,000 at once, writes nothing of what is as it was, and stops where EC2 fails again and again', async () => {
    const { deps, ec2, asked, at, instead } = evidenceWorld();
    for (let number = 0; number < 5_500; number += 1) {
      await at.store.nodes.noteListed(idOf(number), { incarnation: 1 }, START);
      ec2.set(idOf(number), 'running');
    }
    await sweepInstances(deps, call);
    expect(asked.map(({ ids }) => ids.length)).toEqual([1000, 1000, 1000, 1000, 1000, 500]);
    const counting = counted(deps.store);
    expect(await sweepInstances({ ...deps, store: counting.store }, call)).toMatchObject({ looked: 5_500 });
    expect(new Set(counting.requests)).toEqual(new Set(['listNodes']));
    asked.length = 0;
    instead(() => ({ is: 'failed', why: 'RequestLimitExceeded' }));
    expect(await sweepInstances(deps, call)).toMatchObject({ complete: false, failures: { length: 3 } });
    expect(asked).toHaveLength(3);
  });

  it('stops before its time is up, and says so', async () => {
    const { deps, node, ec2 } = evidenceWorld();
    await node(one, 1);
    ec2.set(one, 'terminated');
    const report = await sweepInstances(deps, { remainingMs: () => 1_000 });
    expect(report).toMatchObject({ complete: false, ended: [] });
  });
});
