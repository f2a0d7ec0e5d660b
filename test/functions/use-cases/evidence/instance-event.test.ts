import { describe, expect, it } from 'vitest';
import { instanceTerminated, type TerminatedEvent } from '../../../../functions/use-cases/evidence/instance-event.ts';
import { intercepted } from '../../intercepted.ts';
import { add, addOf, START } from '../../world.ts';
import { call, evidenceWorld, OTHER, OWN } from './evidence-world.ts';

const instance = 'i-0123456789abcdef0';
const event: TerminatedEvent = {
  id: 'e1',
  time: '2026-01-01T00:00:00Z',
  account: OWN.id,
  region: OWN.region,
  instance,
};

describe('an event that an instance is terminated', () => {
  it('frees what the node had, once EC2 says so too, and names its evidence', async () => {
    const { deps, ec2, node, held, at, asked } = evidenceWorld();
    await node(instance, 1);
    ec2.set(instance, 'terminated');
    expect(await instanceTerminated(deps, call, event)).toEqual({
      is: 'ended',
      node: instance,
      incarnation: 1,
      freed: 1,
    });
    expect(await held(instance)).toBe(0);
    expect(asked).toEqual([{ region: OWN.region, ids: [instance] }]);
    const { deaths } = await at.store.nodes.listDeaths({ limit: 10 });
    expect(deaths).toMatchObject([{ declaredBy: 'ec2/event+DescribeInstances', incarnation: 1 }]);
    expect(deaths[0]?.reason).toContain('event e1 of 2026-01-01T00:00:00Z');
    expect(await at.store.nodes.readListed(instance)).toMatchObject({
      alive: false,
      instance: { state: 'terminated', region: OWN.region, at: START },
    });
  });

  it('of an instance that is no node, or whose life is over, is no error and costs no question', async () => {
    const { deps, ec2, node, asked } = evidenceWorld();
    expect(await instanceTerminated(deps, call, event)).toMatchObject({ is: 'nothing', why: 'no node' });
    expect(asked).toEqual([]);
    await node(instance, 1);
    ec2.set(instance, 'terminated');
    await instanceTerminated(deps, call, event);
    expect(await instanceTerminated(deps, call, event)).toMatchObject({ is: 'nothing', why: 'dead already' });
    expect(asked).toHaveLength(1);
  });

  it.each(['pending', 'running', 'shutting-down', 'stopping', 'stopped'] as const)(
    'frees nothing while EC2 says that it is %s',
    async (state) => {
      const { deps, ec2, node, held } = evidenceWorld();
      await node(instance, 1);
      ec2.set(instance, state);
      expect(await instanceTerminated(deps, call, event)).toMatchObject({
        is: 'unclear',
        why: expect.stringContaining(state),
      });
      expect(await held(instance)).toBe(1);
    },
  );

  it('frees nothing while EC2 does not answer, or says nothing of it', async () => {
    const { deps, node, held, instead } = evidenceWorld();
    await node(instance, 1);
    for (const answer of [
      { is: 'failed', why: 'throttled' },
      { is: 'answered', states: new Map() },
    ] as const) {
      instead(() => answer);
      expect(await instanceTerminated(deps, call, event)).toMatchObject({ is: 'unclear' });
    }
    expect(await held(instance)).toBe(1);
  });

  it('that comes when EC2 has forgotten the instance counts only where EC2 of that Region had known it', async () => {
    const { deps, node, held, at } = evidenceWorld();
    await node(instance, 1);
    const known = (region: string) => at.store.nodes.noteInstance(instance, { state: 'running', region, at: START });
    expect(await instanceTerminated(deps, call, event)).toMatchObject({ is: 'unclear' });
    await known('us-east-1');
    expect(await instanceTerminated(deps, call, event)).toMatchObject({ is: 'unclear' });
    expect(await held(instance)).toBe(1);
    await known(OWN.region);
    expect(await instanceTerminated(deps, call, event)).toMatchObject({ is: 'ended' });
  });

  it('of another Region of the own account is verified there', async () => {
    const { deps, ec2, node, asked } = evidenceWorld();
    await node(instance, 1);
    ec2.set(instance, 'terminated');
    expect(await instanceTerminated(deps, call, { ...event, region: 'eu-west-1' })).toMatchObject({ is: 'ended' });
    expect(asked).toMatchObject([{ region: 'eu-west-1' }]);
  });

  it('of an account that the deployment names is the evidence, for that account’s node and for no other', async () => {
    const { deps, node, held, asked } = evidenceWorld();
    const theirs = `${OTHER}/${instance}`;
    await node(instance, 1);
    await node(theirs, 2);
    expect(await instanceTerminated(deps, call, { ...event, account: OTHER })).toMatchObject({
      is: 'ended',
      node: theirs,
    });
    expect([await held(theirs), await held(instance)]).toEqual([0, 1]);
    // Of another account's instance EC2 says here that there is none, whether it runs or not.
    expect(asked).toEqual([]);
  });

  it('of an account that the deployment does not name frees nothing', async () => {
    const { deps, node, held } = evidenceWorld();
    const account = '333333333333';
    await node(`${account}/${instance}`, 1);
    expect(await instanceTerminated(deps, call, { ...event, account })).toEqual({
      is: 'refused',
      why: `account ${account} is not one of evidence.accounts`,
    });
    expect(await held(`${account}/${instance}`)).toBe(1);
  });

  it('ends the life that was there before EC2 was asked, and no later one: it has to be told again', async () => {
    const { deps, at, ec2, node, held, instead } = evidenceWorld();
    await node(instance, 1);
    ec2.set(instance, 'terminated');
    instead(async () => {
      await add(at.environment(), instance, addOf(2, { boot: 'boot-2' }));
      return { is: 'answered', states: new Map([[instance, 'terminated']]) };
    });
    expect(await instanceTerminated(deps, call, event)).toMatchObject({ is: 'unclear' });
    expect(await held(instance)).toBe(2);
    instead(undefined);
    expect(await instanceTerminated(deps, call, event)).toMatchObject({ is: 'ended', incarnation: 2 });
    expect(await held(instance)).toBe(0);
  });

  it('leaves the rest to the schedule where the fence fails: declared is declared', async () => {
    const { deps, ec2, node, at } = evidenceWorld();
    await node(instance, 1);
    ec2.set(instance, 'terminated');
    const store = intercepted(deps.store, async (name, _, proceed) => {
      if (name.includes('readBlock')) throw new Error('gone');
      return proceed();
    });
    expect(await instanceTerminated({ ...deps, store }, call, event)).toMatchObject({ is: 'ended', freed: 0 });
    expect((await at.store.nodes.readNode(instance))?.alive).toBe(false);
  });
});
