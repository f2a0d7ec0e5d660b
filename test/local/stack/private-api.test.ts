/** The whole service behind a private REST API: operators, nodes, and the compiled plugin. Other tests have the HTTP API. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { routes } from '../../../core/contract/routes.ts';
import type { Endpoint } from '../../../infra/lessor-props.ts';
import { demoNetwork } from '../../../local/demo/demo-network.ts';
import { operatorClient } from '../../../local/demo/operator.ts';
import { type LocalStack, startStack } from '../../../local/stack/stack.ts';
import { askAt, askOperation } from '../../support/asking.ts';
import { addressOf, leasesOf, type PluginNode, pluginNode } from '../../support/plugin-node.ts';

const endpoint: Endpoint = { kind: 'private', vpcEndpoints: ['vpce-0123456789abcdef0'] };

describe('behind a private REST API', () => {
  let stack: LocalStack;
  let node: PluginNode;

  beforeAll(async () => {
    stack = await startStack({ settings: { endpoint }, environments: 1 });
    node = await pluginNode(stack, stack.nodes[0]);
  });
  afterAll(async () => {
    node?.remove();
    await stack?.stop();
  });

  it('each route answers whom it is for, and nobody else', async () => {
    expect(new URL(stack.endpoint).pathname).toBe('/lessor');
    for (const { method, path: template, caller } of Object.values(routes)) {
      const asked = template.replaceAll(/\{\w+\}/g, 'none');
      const body = method === 'POST' ? {} : undefined;
      const [allowed, other] = caller === 'node' ? [stack.nodes[0], stack.operator] : [stack.operator, stack.nodes[0]];
      // The gateway's own words differ; the service's are problems with a code.
      const refused = await askAt(stack, other, method, asked, body).catch((undocumented: Error) => undocumented);
      if (!(refused instanceof Error)) expect([refused.status, refused.body.code]).toEqual([403, undefined]);
      expect((await askAt(stack, allowed, method, asked, body)).status).not.toBe(403);
    }
  });

  it('a pool is made, found by its path, changed by its version, and deleted', async () => {
    const body = { name: 'blue', ranges: [[{ subnet: '10.9.0.0/24' }]] };
    const made = await askOperation(stack, stack.operator, 'createPool', { body });
    expect([made.status, made.headers.get('etag')]).toEqual([201, '"1"']);
    const pool = { path: { pool: 'blue' } };
    const stale = { ...pool, headers: { 'If-Match': '"7"' }, body: { order: 5 } };
    const refused = await askOperation(stack, stack.operator, 'changePool', stale);
    expect([refused.status, refused.body.code]).toEqual([412, 'pool.changed']);
    // One id, in the problem and in the gateway's own header.
    expect(refused.body.requestId).toBe(refused.headers.get('x-amzn-requestid'));
    const address = { path: { address: 'fd00:1::5' } };
    expect((await askOperation(stack, stack.operator, 'whoHas', address)).body.state).toBe('outside');
    expect((await askOperation(stack, stack.operator, 'deletePool', pool)).body.deleted).toBe(true);
  });

  it('the plugin adds, asks itself what it has, and deletes', async () => {
    const operator = operatorClient(stack.endpoint, stack.region, stack.operator);
    const address = addressOf(await node.call('ADD', 'c1'));
    const held = (await leasesOf(operator)).map(({ state, addresses }) => [state, addresses[0]]);
    expect(held).toEqual([['held', address]]);
    expect((await node.call('DEL', 'c1')).ok).toBe(true);
    expect((await operator.ask('usage', { path: { pool: demoNetwork.name } })).held).toBe(0);
  });
});
