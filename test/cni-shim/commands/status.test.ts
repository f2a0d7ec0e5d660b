/** What `lessor status` says of a node on which something is wrong, or waits. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { noteDeclaredDead } from '../../../cni-shim/node/declared-dead.ts';
import { LessorError, problemBody } from '../../../core/contract/problems.ts';
import { routes } from '../../../core/contract/routes.ts';
import { blockFromText } from '../../../core/protocol/slot-ref.ts';
import { declareDeath } from '../../../functions/use-cases/nodes/declare-death.ts';
import { callOf } from '../../functions/world.ts';
import { endingAt } from '../../store/ending.ts';
import { type LeavingNode, leavingNode, reached, to } from './leaving-node.ts';

let on: LeavingNode;

beforeEach(async () => {
  on = await leavingNode();
  await on.added('a');
});
afterEach(() => on.node.remove());

const status = async () => {
  const { exitCode, out, err } = await on.lessor('status');
  expect([exitCode, err]).toEqual([0, '']);
  const { out: json } = await on.lessor('status', '--json');
  return { out, journal: JSON.parse(json).journals[0] };
};

test('a healthy node is shown with its name at the service, and its attachments are acknowledged', async () => {
  const { out, journal } = await status();
  expect(out).toMatch(/^Node +i-1$/m);
  expect(journal).toMatchObject({
    node: 'i-1',
    ofDeadLife: 0,
    leaving: false,
    attachments: [{ state: 'acknowledged' }],
  });
});

test('a refused ADD is refused, with its code and the time', async () => {
  const { fetch: answering } = on.service;
  on.service.fetch = async (url, init) => {
    if (new URL(String(url)).pathname !== routes.allocate.path) return answering(url, init);
    const problem = problemBody(new LessorError('pool.quota', 'Namespace shop has its 5 addresses'));
    return Response.json(problem, { status: problem.status });
  };
  expect((await on.call('ADD', 'b')).exitCode).toBe(1);
  const { out, journal } = await status();
  expect(out).toContain(`refused (pool.quota) at ${new Date(on.here.clock.now).toISOString()}`);
  expect(journal.attachments[1]).toMatchObject({ containerId: 'b', state: 'refused', refused: { code: 'pool.quota' } });
});

test('a lease that the table does not have is lost, for reconcile as well, whose dry run notes nothing', async () => {
  const { acknowledged, nonce = '' } = on.node.entry('a') ?? {};
  const { pool = '', block = '0', slot = 0 } = acknowledged?.slot ?? {};
  const by = { containerId: 'a', ifname: 'eth0', node: 'i-1', nonce };
  await on.here.store.leases.release({ pool, block: blockFromText(block), slot }, by, endingAt(on.here.clock.now));
  expect((await on.lessor('reconcile', '--dry-run')).out).toContain(
    'LIVES WITH WHAT THE SERVICE MAY GIVE TO ANOTHER ONE',
  );
  expect((await status()).journal.attachments[0]).toMatchObject({ state: 'acknowledged' });
  const other = { attachment: { network: 'n', containerId: 'b', ifname: 'eth0' }, nonce: 'n', node: 'i-2' };
  const at = { incarnation: 1, heldAt: on.here.clock.now };
  await on.here.store.leases.hold({ pool, block: blockFromText(block), slot }, { ...other, ...at }, 1);
  const { out } = await on.lessor('reconcile', '--grace', '0', '--json');
  expect(JSON.parse(out)).toMatchObject({
    lost: [{ attachment: { containerId: 'a' }, addresses: [expect.anything()] }],
  });
  expect((await status()).out).toContain('lost: its address may be given to another one');
});

test('containers of a life that was declared over are counted, as long as they live', async () => {
  await declareDeath(on.here.environment(), callOf('operator'), {
    node: 'i-1',
    reason: 'a mistake',
    alsoIfAlive: true,
  });
  expect((await on.lessor('status', '--check')).out).toContain('declared dead although it runs');
  expect((await status()).journal).toMatchObject({ ofDeadLife: 0 });
  noteDeclaredDead(on.records(), 1);
  expect((await status()).out).toContain('containers that live with addresses which others may get: 1');
  await on.deleted('a');
  expect((await status()).out).not.toContain('declared dead');
});

test('a node that is leaving says so, and one that left was not declared dead', async () => {
  await on.deleted('a');
  on.service.fate = to(routes.goodbye.path, 'unreachable');
  await on.lessor('leave');
  expect((await status()).out).toContain('is leaving: no container begins here');
  on.service.fate = reached;
  expect((await on.lessor('leave')).exitCode).toBe(0);
  expect((await on.lessor('status', '--check')).out).not.toContain('declared dead');
});

test('a journal that was damaged is said to have been put aside, and where', async () => {
  for (const part of ['', '-wal', '-shm']) writeFileSync(`${on.node.journalPath}${part}`, 'no database at all');
  await on.added('b');
  const { out, journal } = await status();
  expect(out).toMatch(/the journal was damaged at .* and put aside: \/.*damaged/);
  expect(journal.lost).toMatchObject({ boot: on.node.bootId, at: on.here.clock.now });
});

test.each(['status', 'reconcile'])(
  '%s refuses a --data-dir without a journal, and names the one that was meant',
  async (command) => {
    const apart = join(on.node.directory, 'apart');
    expect(await on.lessor(command, '--data-dir', apart)).toMatchObject({
      exitCode: 21,
      err: expect.stringContaining(`--data-dir ${apart} has no journal of this machine`),
    });
    await on.added('c', on.apart());
    expect((await on.lessor(command, '--data-dir', apart)).err).toContain(
      `there is one in ${on.apartDir()}: name that`,
    );
    expect((await on.lessor(command, '--data-dir', on.apartDir())).exitCode).toBe(0);
  },
);

test('the labels that the node says with every ADD are shown', async () => {
  const config = join(on.node.directory, 'labelled.json');
  writeFileSync(
    config,
    JSON.stringify({ endpoint: 'http://lessor.test', region: 'eu-central-1', labels: { zone: 'a' } }),
  );
  expect((await on.lessor('status', '--config', config)).out).toMatch(/^Labels +zone=a$/m);
  expect(JSON.parse((await on.lessor('status', '--json', '--config', config)).out).labels).toEqual({ zone: 'a' });
});
