/** `lessor give-back`: a block goes back only where nothing here uses it. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { routes } from '../../../core/contract/routes.ts';
import { type LeavingNode, leavingNode, POOL, to } from './leaving-node.ts';

let on: LeavingNode;
/** The one that container a is, or was, in. */
let block: string;

beforeEach(async () => {
  on = await leavingNode();
  await on.added('a');
  block = on.node.entry('a')?.acknowledged?.slot.block ?? '';
});
afterEach(() => on.node.remove());

const state = async () => (await on.block(block))?.state;
const asked = () => on.sentTo(routes.giveBack.path).length;

test('A block that nothing uses is free for others, by the name of its pool or by the id; the node claims again what it needs', async () => {
  await on.deleted('a');
  const dry = await on.lessor('give-back', 'green', block, '--dry-run', '--json');
  expect([dry.exitCode, JSON.parse(dry.out)]).toEqual([
    0,
    { dryRun: true, poolId: POOL, pool: 'green', block, generation: 1 },
  ]);
  expect([await state(), asked()]).toEqual(['claimed', 0]);
  const given = await on.lessor('give-back', POOL, block);
  expect(given).toEqual({ exitCode: 0, out: `Block ${block} of pool green is given back.\n`, err: '' });
  expect(await state()).toBe('free');
  expect((await on.lessor('give-back', 'green', block)).exitCode).toBe(21);
  await on.added('b');
});

test('A block with an attachment in it is not given back, nor is one with something to release; nothing is changed', async () => {
  expect(await on.lessor('give-back', 'green', block)).toEqual({
    exitCode: 37,
    out: '',
    err: expect.stringContaining('is used: by attachments 1, by what is still to be released 0'),
  });
  on.service.fate = to(routes.release.path, 'unreachable');
  await on.deleted('a');
  for (const more of [[], ['--dry-run']])
    expect(await on.lessor('give-back', 'green', block, ...more)).toMatchObject({
      exitCode: 37,
      err: expect.stringContaining('by attachments 0, by what is still to be released 1'),
    });
  expect([await state(), asked()]).toEqual(['claimed', 0]);
});

test('What the service has as held keeps the block with the node, which may go on using it', async () => {
  on.node.loseEntry('a');
  const { exitCode, out } = await on.lessor('give-back', 'green', block, '--json');
  expect([exitCode, JSON.parse(out)]).toMatchObject([0, { outcome: 'kept' }]);
  expect(await state()).toBe('claimed');
  await on.added('b');
  expect(on.node.entry('b')?.acknowledged?.slot.block).toBe(block);
});

test('Where the service is not reached it is said; the block stays given back here, and containers begin as before', async () => {
  await on.deleted('a');
  on.service.fate = to(routes.giveBack.path, 'unreachable');
  expect((await on.lessor('give-back', 'green', block)).exitCode).toBe(30);
  expect([await state(), on.node.returnedBlocks().length]).toEqual(['claimed', 1]);
  on.service.fate = () => undefined;
  await on.added('b');
});

test('A name that pools of two VRFs have is refused where both have that block here; the id says which one is meant', async () => {
  await on.deleted('a');
  const other = 'b'.repeat(16);
  const known = on.records().cacheOf(POOL);
  if (known === undefined) throw new Error('nothing is known of the pool');
  on.records().update(other, () => ({ ...known, pool: { ...known.pool, id: other, vrf: 'other' } }));
  expect(await on.lessor('give-back', 'green', block)).toMatchObject({
    exitCode: 21,
    err: expect.stringContaining(`name it by its id: ${POOL} (VRF default), ${other} (VRF other)`),
  });
  expect([await state(), asked(), on.node.returnedBlocks()]).toEqual(['claimed', 0, []]);
  expect((await on.lessor('give-back', POOL, block)).exitCode).toBe(0);
  expect(await state()).toBe('free');
});

test('What is no block of this node is refused, and so is what is left out', async () => {
  expect(await on.lessor('give-back', 'green', 'ff')).toMatchObject({
    exitCode: 21,
    err: expect.stringContaining("block ff of pool green is not this node's"),
  });
  expect(await on.lessor('give-back', 'green')).toMatchObject({
    exitCode: 21,
    err: 'lessor: BLOCK is not given: see lessor help give-back\n',
  });
  expect((await on.lessor('give-back', 'green', block, 'more')).err).toContain('"more" is one argument too many');
  expect((await on.lessor('help', 'give-back')).out).toMatch(
    /^lessor give-back POOL BLOCK: gives a block.*\n\n[\s\S]*^ {2}BLOCK +the block/m,
  );
});
