/** `block release` and `check --fix`, on the local stack: what a node does is asked of it through kubectl. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { routes } from '../../core/contract/routes.ts';
import type { Ran, Shell } from '../../lessorctl/shell/shell.ts';
import { type LocalStack, startStack } from '../../local/stack/stack.ts';
import { leasing } from '../local/stack/leasing.ts';
import { askAt } from '../support/asking.ts';
import { type ControlOptions, control, signAs } from './control.ts';

const NAME = 'worker-1';
const HOUR_MS = 3_600_000;
let stack: LocalStack;
let id: string;
let block: string;
let pool: string;

beforeAll(async () => {
  stack = await startStack();
  signAs(stack.operator);
  await ctl('pool create routed 10.8.0.0/16 --affinity node');
  const take = leasing(() => stack);
  for (const node of [stack.nodes[0], stack.nodes[1]]) await take(node, 'routed');
  id = stack.nodes[0].name;
  await say({ lost: 0, mayHold: 1 });
  [{ block }] = JSON.parse((await ctl(`blocks routed --node ${id} -o json`)).stdout).blocks;
  pool = JSON.parse((await ctl('pool routed --fast -o json')).stdout).pool.id;
}, 120_000);
afterAll(() => stack?.stop());

const ctl = (line: string, options: ControlOptions = {}) =>
  control(line, { ...options, env: { LESSOR_ENDPOINT: stack.endpoint, AWS_REGION: stack.region } });

/** What the first node says of its journal. */
async function say(journal: { lost: number; mayHold: number; outboxOldestSeconds?: number }): Promise<void> {
  const counts = { attachments: 1, held: 1, local: 0, outbox: journal.outboxOldestSeconds ? 1 : 0, blocks: 1 };
  const body = { boot: 'boot-1', name: NAME, journal: { ...counts, ...journal } };
  expect((await askAt(stack, stack.nodes[0], 'POST', routes.heartbeat.path, body)).status).toBe(200);
}

/** kubectl of a cluster with one node, whose agent answers so. */
const cluster =
  (agent: Record<string, Ran>, lines: string[] = []): Shell['execute'] =>
  async (_, args) => {
    const from = args.indexOf('/lessor');
    if (from >= 0) {
      const line = args.slice(from + 1).join(' ');
      lines.push(line);
      return agent[line] ?? { code: 21, stdout: '', stderr: `lessor: ${line} was not expected` };
    }
    const items = args.includes('nodes')
      ? [{ metadata: { name: NAME } }]
      : args.includes(`spec.nodeName=${NAME}`)
        ? [{ metadata: { namespace: 'kube-system', name: 'lessor-x7' }, spec: { hostNetwork: true } }]
        : [];
    return { code: 0, stdout: JSON.stringify({ items }), stderr: '' };
  };
const json = (value: unknown): Ran => ({ code: 0, stdout: JSON.stringify(value), stderr: '' });

describe('block release', () => {
  const run = (more = '') => `give-back --json ${pool} ${block}${more}`;
  const free = json({ dryRun: true, pool: 'routed', block, generation: 1 });

  it('has the node show that nothing uses the block, asks, and has the node give it back', async () => {
    const lines: string[] = [];
    const given = json({ dryRun: false, pool: 'routed', block, generation: 1, outcome: 'released' });
    const execute = cluster({ [run(' --dry-run')]: free, [run()]: given }, lines);
    const dry = await ctl(`block release routed ${block} --dry-run`, { execute });
    expect([dry.code, dry.stdout]).toEqual([0, expect.stringContaining('Nothing was changed.')]);
    expect(lines).toEqual([run(' --dry-run')]);
    const done = await ctl(`block release routed ${block}`, { execute, answers: ['y'] });
    expect([done.code, done.stdout]).toEqual([0, expect.stringContaining(`is given back by node ${NAME}`)]);
    expect(lines).toEqual([run(' --dry-run'), run(' --dry-run'), run()]);
    expect((await ctl(`block release routed ${block}`, { execute })).code).toBe(21);
    expect(lines).not.toContain(`${run()} ${run()}`);
  });

  it('says that the block stays where the service has an address of it as held', async () => {
    const kept = json({ dryRun: false, pool: 'routed', block, generation: 2, outcome: 'kept' });
    const execute = cluster({ [run(' --dry-run')]: free, [run()]: kept });
    expect((await ctl(`block release routed ${block} -y`, { execute })).stdout).toContain(`stays node ${NAME}'s`);
  });

  it('passes on that the node uses it, and asks nobody then', async () => {
    const used = { code: 37, stdout: '', stderr: `lessor: block ${block} of pool routed is used\n` };
    const execute = cluster({ [run(' --dry-run')]: used });
    expect(await ctl(`block release routed ${block}`, { execute })).toEqual({
      code: 37,
      stdout: '',
      stderr: `lessorctl: node ${NAME} refuses lessor give-back: block ${block} of pool routed is used\n`,
    });
  });

  it('without the agent says what to run on the node, and what if the node is gone', async () => {
    const { code, stderr } = await ctl(`block release routed ${block}`);
    expect(code).toBe(30);
    expect(stderr).toContain(`run lessor give-back routed ${block} on the node itself`);
    expect(stderr).toContain(`lessorctl node declare-dead ${id} --reason`);
  });

  it('of what is no claimed block is refused', async () => {
    expect(await ctl('block release routed fffff')).toMatchObject({
      code: 21,
      stderr: expect.stringContaining('has no block fffff that was ever claimed: see lessorctl blocks routed'),
    });
  });
});

describe('check --fix', () => {
  const reconcile = 'reconcile --json';
  const nothing = { reported: 0, releasedLater: 1, ended: [], released: [], heldAgain: [], lost: [] };
  const agent = { [`${reconcile} --dry-run`]: json(nothing), [reconcile]: json(nothing) };
  /** Counters follow meanwhile. */
  const settled = async () => {
    const held = async () => JSON.parse((await ctl('usage routed --fast -o json')).stdout).held;
    await expect.poll(held, { timeout: 60_000, interval: 250 }).toBe(2);
  };

  it('shows what it would do, does it where somebody agrees, and its exit code is of what is left', async () => {
    await settled();
    await say({ lost: 0, mayHold: 1, outboxOldestSeconds: 900 });
    const lines: string[] = [];
    const execute = cluster(agent, lines);
    const found = await ctl('check', { execute });
    expect([found.code, found.stdout]).toEqual([1, expect.stringContaining(`- late-outbox ${id}: 1 of its reports`)]);
    const dry = await ctl('check --fix --dry-run', { execute });
    expect([dry.code, dry.stdout]).toEqual([
      1,
      expect.stringContaining('would: lessor reconcile on node worker-1 would'),
    ]);
    expect(lines).toEqual([`${reconcile} --dry-run`]);
    const refused = await ctl('check --fix', { execute, answers: ['n'] });
    expect([refused.code, refused.stdout]).toEqual([1, expect.stringContaining('left: not done')]);
    expect((await ctl('check --fix', { execute })).stdout).toContain('left: nobody can be asked: give --yes');
    expect(lines).not.toContain(reconcile);
    const done = await ctl('check --fix --yes', { execute });
    expect([done.code, done.stdout]).toEqual([0, expect.stringContaining('done: lessor reconcile on node worker-1: ')]);
    expect(lines.filter((line) => line === reconcile)).toHaveLength(1);
    const document = JSON.parse((await ctl('check --fix --yes -o json', { execute })).stdout);
    expect(document.findings).toMatchObject([{ kind: 'late-outbox', mended: { did: 'done' } }]);
    expect(document.findings[0]).not.toHaveProperty('fix');
  });

  it('never mends what is lost, goes on where one mend fails, and says why', async () => {
    await say({ lost: 2, mayHold: 1, outboxOldestSeconds: 900 });
    const failing = { [`${reconcile} --dry-run`]: { code: 30, stdout: '', stderr: 'lessor: the API is away\n' } };
    const { code, stdout } = await ctl('check --fix --yes', { execute: cluster(failing) });
    expect(code).toBe(2);
    expect(stdout).toContain('left: not mended by itself: drain');
    expect(stdout).toContain('failed: node worker-1 refuses lessor reconcile: the API is away');
  });

  it('declares dead what Kubernetes does not have any more only where it is silent for long, and somebody agrees', async () => {
    await say({ lost: 0, mayHold: 1 });
    const none: Shell['execute'] = async () => json({ items: [] });
    const later = () => Date.now() + 2 * HOUR_MS;
    const calls = { execute: none, now: later };
    // Of no cluster of this Kubernetes: it may be another one's.
    const { code, stdout } = await ctl('check --fix --yes', calls);
    expect([code, stdout]).toEqual([
      1,
      expect.stringContaining('left: not mended by itself: see whether its agent runs'),
    ]);
    expect((await ctl('deaths')).stdout).toBe('No node was declared dead.\n');
  });

  it('is meant where its options are given', async () => {
    expect(await ctl('check --yes')).toMatchObject({ code: 21, stderr: expect.stringContaining('give --fix too') });
  });
});
