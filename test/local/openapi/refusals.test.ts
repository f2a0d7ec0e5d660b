/** Each problem that a route lists arises on it: every one is provoked, over the local stack. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { most } from '../../../core/contract/limits.ts';
import { paths, type RouteName } from '../../../core/contract/paths.ts';
import type { ProblemCode } from '../../../core/contract/problems.ts';
import { refusals } from '../../../core/contract/refusals.ts';
import { routes } from '../../../core/contract/routes.ts';
import { CONTRACT_HEADER } from '../../../core/contract/version.ts';
import type { Identity } from '../../../local/aws/identities.ts';
import { examples } from '../../../local/openapi/examples/examples.ts';
import { type LocalStack, startStack } from '../../../local/stack/stack.ts';
import { type Asked, askOperation } from '../../support/asking.ts';

/** What no request can bring about by itself, and why. */
const UNPROVOKED: Readonly<Partial<Record<ProblemCode, string>>> = {
  'service.fault': 'a mistake of ours',
  'service.busy': 'others were faster each time, or the time was over',
  'vrf.full': 'a registry of hundreds of kilobytes',
  'pool.inline-forbidden': 'another setting of the deployment',
};
const UNPROVOKED_ON: Readonly<Partial<Record<RouteName, Readonly<Partial<Record<ProblemCode, string>>>>>> = {
  createPool: { 'pool.draining': 'a deletion that takes longer than one request' },
  changePool: { 'pool.draining': 'a deletion that takes longer than one request' },
};

const names = Object.keys(paths) as RouteName[];
const ofOperator = names.filter((name) => routes[name].caller === 'operator');
const withBody = names.filter((name) => 'request' in routes[name]);

let stack: LocalStack;
const provoked = new Map<RouteName, Set<string>>(names.map((name) => [name, new Set()]));

async function refused(name: RouteName, code: ProblemCode, asked: Asked, by?: Identity): Promise<void> {
  const identity = by ?? (routes[name].caller === 'node' ? stack.nodes[0] : stack.operator);
  const { body } = await askOperation(stack, identity, name, asked);
  expect([name, body.code ?? body]).toEqual([name, code]);
  provoked.get(name)?.add(code);
}

const boot = 'boot-1';
const lease = (container: number, pool: object, more: object = {}): Asked => ({
  body: {
    attachment: { network: 'n', containerId: `container-${container}`, ifname: 'eth0' },
    nonce: container.toString(16).padStart(32, '0'),
    attempt: 1,
    boot,
    pool,
    pod: { namespace: 'shop', name: `pod-${container}` },
    ...more,
  },
});
const one = { subnet: '10.9.0.0/30' };

/** Pools, each in a state of its own. */
const POOLS: readonly { readonly name: string; readonly [field: string]: unknown }[] = [
  { name: 'plain', ranges: [[{ subnet: '10.1.0.0/24' }]], cooldownSeconds: 3600 },
  { name: 'drained', ranges: [[{ subnet: '10.2.0.0/24' }]] },
  { name: 'kept', ranges: [[{ subnet: '10.3.0.0/24' }]], clusters: ['other'] },
  { name: 'small', ranges: [[one]], blockSize: 4, cooldownSeconds: 3600 },
  { name: 'without', ranges: [[{ subnet: '10.4.0.0/24' }]], quota: 0 },
  { name: 'owned', ranges: [[{ subnet: '10.5.0.0/24' }]], affinity: 'node', cooldownSeconds: 3600 },
];

const ask = async (name: RouteName, asked: Asked) => {
  const identity = routes[name].caller === 'node' ? stack.nodes[0] : stack.operator;
  const answer = await askOperation(stack, identity, name, asked);
  expect([name, answer.status < 300, answer.body.code]).toEqual([name, true, undefined]);
  return answer.body;
};
const releaseOf = ({ body }: Asked, slot: unknown): Asked => {
  const { attachment, nonce } = body as Record<string, unknown>;
  return { body: { attachment, nonce, slot, acknowledged: true } };
};

beforeAll(async () => {
  stack = await startStack();
  for (const body of POOLS) await ask('createPool', { body });
  await ask('changePool', { path: { pool: 'drained' }, body: { state: 'draining' } });
});
afterAll(() => stack?.stop());

describe('every route refuses', () => {
  it('a version of the contract that is none, and another major one', async () => {
    for (const name of names) {
      const asked = examples[name];
      await refused(name, 'request.invalid', { ...asked, headers: { [CONTRACT_HEADER]: 'latest' } });
      await refused(name, 'contract.version', { ...asked, headers: { [CONTRACT_HEADER]: '2.0' } });
    }
  });

  it('a body that is no JSON, where it takes one', async () => {
    for (const name of withBody) await refused(name, 'request.malformed', { ...examples[name], text: '{"pool":' });
  });

  it('a body that is longer than any that it takes', async () => {
    const text = JSON.stringify('x'.repeat(most.largeBodyBytes));
    for (const name of withBody) await refused(name, 'request.too-large', { ...examples[name], text });
  });

  it('a caller who is neither a node nor a user', async () => {
    const someone = stack.addNode('no-instance');
    for (const name of names) {
      if (routes[name].caller === 'node') await refused(name, 'auth.denied', examples[name], someone);
    }
  });
});

describe('a lease is refused', () => {
  it('where the pool is not there, is another one, or is not for this pod', async () => {
    const inline = (name: string, subnet: string) => lease(1, { name, ranges: [[{ subnet }]] });
    await refused('allocate', 'pool.unknown', lease(1, { name: 'none' }));
    await refused('allocate', 'pool.conflict', inline('plain', '10.1.0.0/25'));
    await refused('allocate', 'pool.overlap', inline('new', '10.1.0.0/24'));
    await refused('allocate', 'pool.draining', lease(1, { name: 'drained' }));
    await refused('allocate', 'pool.forbidden', lease(1, { name: 'kept' }));
    await refused('allocate', 'pool.unmatched', lease(1, { name: 'n', names: [] }));
    await refused('allocate', 'pool.quota', lease(1, { name: 'without' }));
  });

  it('where the identity’s address is held, or none is kept', async () => {
    const ranges = [[{ subnet: '10.77.0.0/24' }]];
    await ask('createPool', { body: { name: 'keeping', ranges, identitySeconds: 60 } });
    const launcher = (container: number, name: string) =>
      lease(container, { name }, { pod: { namespace: 'shop', name: `l-${container}` }, identity: 'vm-1' });
    await ask('allocate', launcher(21, 'keeping'));
    await refused('allocate', 'identity.held', launcher(22, 'keeping'));
    await refused('allocate', 'identity.unkept', launcher(22, 'small'));
  });

  it('where no address is left, or the wanted one cannot be had', async () => {
    const first = lease(11, { name: 'small' });
    const { slot, addresses } = await ask('allocate', first);
    const wanted = (container: number, address: string, name = 'small') =>
      lease(container, { name }, { addresses: [address] });
    const [address] = addresses[0].address.split('/');
    await refused('allocate', 'pool.exhausted', lease(12, { name: 'small' }));
    await refused('allocate', 'address.held', wanted(12, address));
    await ask('release', releaseOf(first, slot));
    await refused('allocate', 'pool.cooling', lease(12, { name: 'small' }));
    await refused('allocate', 'address.cooling', wanted(13, address));
    await refused('allocate', 'address.unknown', wanted(12, '10.99.0.1'));
  });

  it('which a node reports, where the slot is not its own any more, or still cools', async () => {
    const first = lease(21, { name: 'owned' });
    const { slot } = await ask('allocate', first);
    const { attachment, nonce } = first.body as Record<string, unknown>;
    const report = (generation: number) => ({ body: { attachment, nonce, boot, slot, generation } });
    await ask('release', releaseOf(first, slot));
    await refused('report', 'address.cooling', report(1));
    await refused('report', 'lease.lost', report(2));
  });
});

describe('an operator is refused', () => {
  const pool = { pool: 'plain' };

  it('what is not there', async () => {
    const path = { pool: 'none' };
    for (const name of ['listBlocks', 'readPool', 'deletePool', 'listLeases', 'usage', 'forecast'] as const)
      await refused(name, 'pool.unknown', { path });
    await refused('changePool', 'pool.unknown', { path, body: { order: 1 } });
    const query = { node: 'i-00000000' };
    await refused('readNode', 'node.unknown', { query });
    await refused('findLeases', 'node.unknown', { query });
    await refused('declareDeath', 'node.unknown', { body: { ...query, reason: 'gone' } });
  });

  it('the death of a node that was heard of lately', async () => {
    const { body } = await askOperation(stack, stack.operator, 'listNodes', {});
    const [{ node } = {}] = body.nodes as { node?: string }[];
    await refused('declareDeath', 'node.alive', { body: { node, reason: 'gone' } });
  });

  it('a pool that is another one, or lies in another one', async () => {
    await refused('createPool', 'pool.conflict', { body: { ...POOLS[0], blockSize: 16 } });
    await refused('createPool', 'pool.overlap', { body: { ...POOLS[0], name: 'beside' } });
  });

  it('a change that cannot be made, or is made to what has changed', async () => {
    const headers = { 'If-Match': '"99"' };
    const ranges = [[{ subnet: '10.1.0.0/24' }, { subnet: '10.2.0.0/24' }]];
    await refused('changePool', 'pool.changed', { path: pool, headers, body: { order: 1 } });
    await refused('changePool', 'pool.fixed', { path: pool, body: { blockSize: 32 } });
    await refused('changePool', 'pool.overlap', { path: pool, body: { ranges } });
    await refused('deletePool', 'pool.changed', { path: pool, headers });
    await ask('allocate', lease(31, { name: 'plain' }));
    await refused('deletePool', 'pool.held', { path: pool });
  });
});

describe('in the end', () => {
  it('every route says so where the database does not answer', async () => {
    await stack.dynamodb.stop();
    for (const name of names) await refused(name, 'service.unavailable', examples[name]);
  });

  it('each problem that a route lists was provoked, but for those that nobody can provoke', () => {
    const left = names.flatMap((name) => {
      const excused = {
        ...UNPROVOKED,
        ...UNPROVOKED_ON[name],
        ...(ofOperator.includes(name) ? { 'auth.denied': '' } : {}),
      };
      return refusals[name]
        .filter((code) => !(provoked.get(name)?.has(code) || code in excused))
        .map((code) => `${name}: ${code}`);
    });
    expect(left).toEqual([]);
  });
});
