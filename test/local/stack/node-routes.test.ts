/** What a node asks about itself, over the local stack: signed requests, the roles' rights, and whose leases it is told. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { routes } from '../../../core/contract/routes.ts';
import { CONTRACT, CONTRACT_HEADER, contractText } from '../../../core/contract/version.ts';
import type { Identity } from '../../../local/aws/identities.ts';
import { type Operator, operatorClient } from '../../../local/demo/operator.ts';
import { type LocalStack, startStack } from '../../../local/stack/stack.ts';
import { askAt } from '../../support/asking.ts';

let stack: LocalStack;
let operator: Operator;

beforeAll(async () => {
  stack = await startStack();
  operator = operatorClient(stack.endpoint, stack.region, stack.operator);
  await operator.ask('createPool', {
    body: { name: 'owned', affinity: 'node', ranges: [[{ subnet: '10.1.0.0/24' }]], blockSize: 16 },
  });
});
afterAll(() => stack?.stop());

const boot = 'boot-1';
const pool = { name: 'owned' };
const nonceOf = (node: number, count: number) =>
  `${node.toString(16).padStart(16, '0')}${count.toString(16).padStart(16, '0')}`;
const attachmentOf = (containerId: string) => ({ network: 'owned', containerId, ifname: 'eth0' });

// biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was answered
type Body = any;
const ask = (identity: Identity, method: string, path: string, body?: unknown, query?: string) =>
  askAt(stack, identity, method, path, body, query);

/** A lease of a node, as its plugin gets one. */
async function leased(node: number, containerId: string, count: number) {
  const identity = stack.nodes[node] as Identity;
  const nonce = nonceOf(node, count);
  const request = { attachment: attachmentOf(containerId), nonce, attempt: 1, boot, pool };
  const { status, body } = await ask(identity, 'POST', routes.allocate.path, request);
  expect(status).toBe(200);
  return { identity, nonce, attachment: request.attachment, answer: body };
}

describe('a node', () => {
  it('checks a lease of its own by the slot and without it, and nobody else is told of it', async () => {
    const { identity, nonce, attachment, answer } = await leased(0, 'checked', 1);
    const held = [{ slot: answer.slot, nonce, addresses: answer.addresses }];
    const asked = [{ attachment, slots: [answer.slot] }, { attachment }];
    for (const request of asked) {
      const own = await ask(identity, 'POST', routes.check.path, request);
      expect([own.status, own.body]).toEqual([200, { held }]);
      const others = await ask(stack.nodes[1] as Identity, 'POST', routes.check.path, request);
      expect([others.status, others.body]).toEqual([200, { held: [] }]);
    }
  });

  it('lists its own leases, and none of another node', async () => {
    const mine = await leased(0, 'listed', 2);
    const theirs = await leased(1, 'listed', 1);
    for (const { identity, nonce, answer } of [mine, theirs]) {
      const { status, body } = await ask(identity, 'GET', routes.ownLeases.path);
      expect([status, body.boot, body.incarnation, body.firstOfBoot]).toEqual([200, boot, 1, 1]);
      expect(body.leases).toContainEqual(expect.objectContaining({ slot: answer.slot, nonce }));
      const prefix = nonce.slice(0, 16);
      expect(body.leases.filter((lease: Body) => !lease.nonce.startsWith(prefix))).toEqual([]);
    }
  });

  it('reports a lease of its own block, again as well, and never of a block of another', async () => {
    const { identity, answer } = await leased(0, 'reporting', 3);
    const { generation } = answer.blocks.find(({ block }: Body) => block === answer.slot.block);
    const report = (by: Identity, node: number) =>
      ask(by, 'POST', routes.report.path, {
        attachment: attachmentOf('offline'),
        nonce: nonceOf(node, 4),
        boot,
        slot: { ...answer.slot, slot: (answer.slot.slot + 5) % 14 },
        generation,
      });
    const refused = await report(stack.nodes[1] as Identity, 1);
    expect([refused.status, refused.body.code]).toEqual([409, 'lease.lost']);
    for (const _ of ['once', 'again']) {
      const reported = await report(identity, 0);
      expect([reported.status, reported.body]).toEqual([200, { incarnation: 1 }]);
    }
  });

  it('asks whether a pod could have an address', async () => {
    const readiness = (name: string) =>
      ask(stack.nodes[0] as Identity, 'POST', routes.readiness.path, { pool: { name } });
    expect(await readiness('owned')).toMatchObject({ status: 200, body: { ready: true } });
    expect(await readiness('other')).toMatchObject({ status: 200, body: { ready: false, code: 'pool.unknown' } });
  });

  it('says that it is up, which an operator reads', async () => {
    const { identity } = await leased(0, 'seen', 5);
    const news = { boot, name: 'worker-1', version: '1.2.3' };
    expect(await ask(identity, 'POST', routes.heartbeat.path, news)).toMatchObject({
      status: 200,
      body: { declaredDead: false },
    });
    const { body } = await ask(stack.operator, 'GET', routes.listLeases.path.replace('{pool}', 'owned'));
    const [{ node }] = body.leases.filter((lease: Body) => lease.attachment.containerId === 'seen');
    const view = await operator.ask('readNode', { query: { node } });
    expect(view).toMatchObject({ node, name: 'worker-1', version: '1.2.3', alive: true, incarnation: 1, boot });
    expect(view.blocks.length).toBeGreaterThan(0);
  });

  it('says goodbye for itself, once for each life, and begins another one', async () => {
    const { identity, answer } = await leased(0, 'last', 6);
    const { incarnation } = answer;
    const say = (by: Identity, body: object) => ask(by, 'POST', routes.goodbye.path, body);
    const others = await say(stack.nodes[1] as Identity, { boot: 'boot-0', incarnation });
    expect([others.status, others.body]).toEqual([200, { ended: false }]);
    for (const _ of ['once', 'again']) {
      const said = await say(identity, { boot, incarnation });
      expect([said.status, said.body]).toEqual([200, { ended: true }]);
    }
    expect((await leased(0, 'first', 7)).answer.incarnation).toBe(incarnation + 1);
    expect((await say(identity, { boot, incarnation })).body).toEqual({ ended: false });
    for (const wrong of [{ boot }, { boot, incarnation: 0 }, { boot, incarnation, node: 'i-1' }])
      expect((await say(identity, wrong)).status).toBe(422);
    expect((await say(stack.operator, { boot, incarnation })).status).toBe(403);
    const { deaths } = await operator.ask('listDeaths', {});
    expect(deaths).toMatchObject([{ incarnation, reason: 'said goodbye', declaredBy: deaths[0]?.node }]);
  });

  it('cannot read what operators read of nodes', async () => {
    const node = 'node=i-0123456789abcdef0';
    for (const path of [routes.readNode.path, routes.findLeases.path])
      expect((await ask(stack.nodes[0] as Identity, 'GET', path, undefined, node)).status).toBe(403);
  });

  it('is told the version of the contract with every answer, a refusal too', async () => {
    const answers = [
      await ask(stack.nodes[0] as Identity, 'GET', routes.ownLeases.path),
      await ask(stack.nodes[0] as Identity, 'POST', routes.check.path, {}),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 422]);
    for (const { headers } of answers) expect(headers.get(CONTRACT_HEADER)).toBe(contractText(CONTRACT));
  });
});

it('No function lacks a right for what nodes ask', () => {
  for (const name of ['allocate', 'release', 'operate'])
    expect(stack.functionLogs(name).join('\n')).not.toMatch(/AccessDenied/);
});
