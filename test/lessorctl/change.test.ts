/** The commands that change something, against the local stack: foreseen, asked for, done, and what is refused. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { routes } from '../../core/contract/routes.ts';
import { type LocalStack, startStack } from '../../local/stack/stack.ts';
import { leasing } from '../local/stack/leasing.ts';
import { askAt } from '../support/asking.ts';
import { type ControlOptions, control, signAs } from './control.ts';

let stack: LocalStack;
const lease = leasing(() => stack);

beforeAll(async () => {
  stack = await startStack();
  signAs(stack.operator);
}, 120_000);
afterAll(() => stack?.stop());

const ctl = (line: string | readonly string[], options: ControlOptions = {}) =>
  control(line, { ...options, env: { LESSOR_ENDPOINT: stack.endpoint, AWS_REGION: stack.region, ...options.env } });
const read = async (line: string) => JSON.parse((await ctl(`${line} -o json`)).stdout);
const names = async () => (await ctl('pools -o name')).stdout.trim().split('\n').filter(Boolean);

describe('a pool', () => {
  it('is foreseen, made, and made once', async () => {
    const line = 'pool create shop 10.1.0.0/24 fd00:1::/64 --cooldown 2m --namespaces shop,web';
    const effect = '- pool shop of VRF default is created with a capacity of 253\n';
    const dry = await ctl(`${line} --dry-run`);
    expect(dry).toEqual({ code: 0, stdout: `Nothing was changed. It would come to this:\n${effect}`, stderr: '' });
    expect(await names()).toEqual([]);
    expect(await ctl(line)).toEqual({ code: 0, stdout: effect, stderr: '' });
    expect((await ctl(line)).stdout).toMatch(/^- nothing changes: pool shop/);
    expect((await read('pool shop')).pool).toMatchObject({
      cooldownSeconds: 120,
      namespaces: ['shop', 'web'],
    });
    expect(await ctl('pool create shop 10.9.0.0/24')).toMatchObject({ code: 24, stdout: '' });
  });

  it('is changed as far as it is said', async () => {
    expect(
      (await ctl('pool set shop --cooldown 30s --namespaces none --quota none --node-labels zone=a')).stdout,
    ).toContain('cooldownSeconds changes from 120 to 30');
    const { pool } = await read('pool shop');
    expect(pool).toMatchObject({ cooldownSeconds: 30, namespaces: [], nodeLabels: { zone: 'a' } });
    expect(pool.quota).toBeUndefined();
    expect(await ctl('pool set shop')).toMatchObject({ code: 21, stderr: expect.stringContaining('nothing is given') });
    expect(await ctl('pool set shop --order high')).toMatchObject({
      code: 21,
      stderr: expect.stringContaining('--order "high"'),
    });
    expect(await ctl('pool set shop --cooldown 2w')).toMatchObject({
      code: 21,
      stderr: expect.stringContaining('cooldownSeconds'),
    });
  });

  it('was changed last by what changed something', async () => {
    await ctl('pool set shop --cooldown 45s');
    const { lastChange } = await read('pool shop');
    await ctl('pool set shop --cooldown 45s');
    expect((await read('pool shop')).lastChange).toEqual(lastChange);
    expect((await ctl('audit --pool shop --last 2')).stdout).toMatch(/done .* nothing\n.* done .* cooldownSeconds\n$/);
  });

  it('grows, each subnet in the set of its family', async () => {
    const { stdout } = await ctl('pool grow shop 10.2.0.0/24 fd00:2::/64');
    expect(stdout).toContain('- capacity grows from 253 to 506\n');
    expect((await ctl('pool grow shop 10.2.0.0/24')).stdout).toBe('- nothing changes\n');
    expect(await ctl('pool grow shop 10.2.0.0/25')).toMatchObject({
      code: 21,
      stderr: expect.stringContaining('10.2.0'),
    });
    await ctl('pool create twins 10.3.0.0/24 10.4.0.0/24');
    expect(await ctl('pool grow twins 10.5.0.0/24')).toMatchObject({
      code: 21,
      stderr: expect.stringContaining('--set 1 is 10.3.0.0/24; --set 2 is 10.4.0.0/24'),
    });
    expect((await ctl('pool grow twins 10.5.0.0/24 --set 2')).code).toBe(0);
  });

  it('keeps addresses for pods', async () => {
    expect((await ctl('reserve shop database 10.1.0.5 -n shop --pod db-0')).code).toBe(0);
    expect((await ctl('reserve shop mail 10.1.0.64/28 -n mail')).code).toBe(0);
    expect((await read('pool shop')).pool.reservations).toEqual([
      { name: 'database', addresses: ['10.1.0.5'], namespace: 'shop', pod: 'db-0' },
      { name: 'mail', addresses: ['10.1.0.64/28'], namespace: 'mail' },
    ]);
    expect(await ctl('reserve shop post --remove')).toMatchObject({
      code: 21,
      stderr: 'lessorctl: pool shop has no reservation post: it has database, mail\n',
    });
    expect((await ctl('reserve shop mail --remove')).code).toBe(0);
    expect((await read('pool shop')).pool.reservations).toHaveLength(1);
    expect(await ctl('reserve shop web 10.1.0.7')).toMatchObject({
      code: 21,
      stderr: expect.stringContaining('--namespace'),
    });
  });

  it('has quotas, of which others stay as they are', async () => {
    const { stdout } = await ctl('quota shop batch=200 test=0 --each 20');
    expect(stdout).toMatch(/^- warning: quota: leases are counted within 10 s here/m);
    await ctl('quota shop batch=300 test=none');
    expect((await read('pool shop')).pool).toMatchObject({ quota: 20, quotas: { batch: 300 } });
    expect((await ctl('quota shop')).stdout).toMatch(/^batch +0 +300 +0%$/m);
    expect(await ctl('quota shop batch')).toMatchObject({
      code: 21,
      stderr: expect.stringContaining('batch=300 or batch=none'),
    });
  });

  it('is drained, waited for and deleted, once the user says so', async () => {
    await lease(stack.nodes[0], 'twins');
    expect((await ctl('pool drain twins')).stdout).toMatch(/gives no new lease/);
    const late = await ctl('pool drain twins --wait --timeout 1s');
    expect([late.code, late.stderr]).toEqual([37, expect.stringContaining('pool twins is not empty: 1 lease held')]);
    expect(await ctl('pool delete twins --yes')).toMatchObject({ code: 37, stdout: '' });
    await ctl('pool create empty 10.6.0.0/24');
    expect((await ctl('pool drain empty --wait')).stdout).toMatch(/- nothing of it is held or cools any more\n$/);
    expect(await ctl('pool delete empty')).toMatchObject({
      code: 21,
      stderr: expect.stringContaining('nobody can be asked'),
    });
    expect(await ctl('pool delete empty', { answers: ['n'] })).toMatchObject({
      code: 21,
      stderr: expect.stringContaining('nothing was changed'),
    });
    expect(await names()).toContain('empty');
    const gone = await ctl('pool delete empty', { answers: ['y'] });
    expect(gone.stderr).toMatch(/^- pool empty .* is deleted: .*\nDelete pool empty of VRF default\? \[y\/N\] $/s);
    expect(gone.stdout).toContain('is deleted');
    expect(await names()).not.toContain('empty');
  });
});

describe('a node', () => {
  it('is declared dead for a reason, once it is seen what that frees', async () => {
    const [node] = stack.nodes;
    const line = ['node', 'declare-dead', node.name, '--reason', 'rack 7 burnt'];
    expect(await ctl(line.slice(0, 3))).toMatchObject({ code: 21, stderr: expect.stringContaining('no --reason') });
    const dry = await ctl([...line, '--dry-run']);
    expect(dry.stdout).toMatch(/of pool default\/twins: 1 lease freed/);
    expect(dry.stdout.match(/heard of/g)).toHaveLength(1);
    expect(dry.stdout).toContain('--also-if-alive');
    // It leased just now.
    expect(await ctl([...line, '--yes'])).toMatchObject({ code: 48, stdout: '' });
    const onPause = () => stack.runSchedule('reclaim');
    const declared = await ctl([...line, '--also-if-alive', '--wait'], { answers: ['yes'], onPause });
    expect(declared.stdout).toMatch(/was declared dead at .*\n- of node i-0123456789abcdef0 1 lease is freed\n$/s);
    expect((await ctl('deaths')).stdout).toMatch(/rack 7 burnt/);
    expect((await ctl('nodes --dead -o name')).stdout).toBe(`${node.name}\n`);
  });
});

describe('files of pools', () => {
  it('are what export wrote: a round trip changes nothing', async () => {
    await ctl(
      'pool create routed 10.8.0.0/16 --affinity node --gateway block --leasing delegated --max-blocks-per-node 4',
    );
    const text = (await ctl('export', { columns: 40 })).stdout;
    expect(parse(text).pools.map(({ name }: { name: string }) => name)).toEqual(['routed', 'shop', 'twins']);
    expect(parse(text).pools[2]).toMatchObject({ name: 'twins', state: 'draining' });
    for (const line of ['diff -f -', 'apply -f -', 'diff -f - --prune'])
      expect(await ctl(line, { files: { '-': text } })).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/nothing (differs|changes)/i),
      });
  });

  it('say what differs, and what is to be deleted only by word', async () => {
    const { pools } = parse((await ctl('export -o json')).stdout);
    const others = pools.filter(({ name }: { name: string }) => name !== 'routed');
    const next = stringify({
      pools: [{ name: 'lab', ranges: [[{ subnet: '10.7.0.0/24' }]], order: 5 }, { ...others[0], order: 7 }, others[1]],
    });
    const files = { 'pools.yaml': next };
    const differs = await ctl('diff -f pools.yaml', { files });
    expect(differs).toMatchObject({ code: 1, stderr: '' });
    expect(differs.stdout).toBe(
      '- pool default/shop: order changes from 0 to 7\n- pool default/lab: pool lab of VRF default is created with a capacity of 253\n',
    );
    expect((await ctl('apply -f pools.yaml -o name', { files })).stdout).toBe('lab\nshop\ntwins\n');
    expect(await names()).toEqual(['lab', 'routed', 'shop', 'twins']);
    expect(await ctl('apply -f pools.yaml --prune', { files })).toMatchObject({
      code: 21,
      stderr: expect.stringContaining('nobody can be asked'),
    });
    // What comes to be while the user reads was not shown, and stays.
    const slowly = async () => {
      await ctl('pool create late 10.40.0.0/24');
      return 'y';
    };
    expect((await ctl('apply -f pools.yaml --prune', { files, answers: [slowly] })).code).toBe(0);
    expect(await names()).toEqual(['lab', 'late', 'shop', 'twins']);
  });

  it.each([
    ['pools: [', 21, 'pools.yaml is no YAML'],
    ['pools: [{name: a}]', 21, 'pools.yaml.pools.0.ranges: is missing'],
    ['pools: [{name: a, ranges: [[{subnet: 10.20.0.0/24}]], cooldown: 3}]', 21, 'has no field cooldown'],
    [
      'pools: [{name: a, ranges: [[{subnet: 10.20.0.0/24}]]}, {name: a, ranges: [[{subnet: 10.21.0.0/24}]]}]',
      21,
      'pool default/a is there twice',
    ],
    ['pools: [{name: shop, ranges: [[{subnet: 10.1.0.0/24}]], blockSize: 32}]', 28, 'pool default/shop: '],
    ['pools: [{name: new, ranges: [[{subnet: 10.1.0.0/25}]]}]', 25, 'pool default/new: '],
  ])('that are wrong change nothing: %s', async (text, code, what) => {
    const before = (await ctl('export')).stdout;
    const outcome = await ctl('apply -f pools.yaml', { files: { 'pools.yaml': text } });
    expect(outcome).toMatchObject({ code, stdout: '' });
    expect(outcome.stderr).toContain(what);
    expect(outcome.stderr).toMatch(/^lessorctl: [^\n]+\n$/);
    expect((await ctl('export')).stdout).toBe(before);
  });

  it('that are not there are named', async () => {
    expect(await ctl('apply -f none.yaml')).toMatchObject({
      code: 21,
      stderr: expect.stringContaining('-f none.yaml is not there'),
    });
  });
});

it('nothing is changed by somebody who may not', async () => {
  signAs(stack.nodes[1]);
  expect(await ctl('pool create mine 10.30.0.0/24')).toMatchObject({ code: 11, stdout: '' });
  signAs(stack.operator);
  expect((await askAt(stack, stack.operator, 'GET', routes.readPool.path.replace('{pool}', 'mine'))).status).toBe(404);
});
