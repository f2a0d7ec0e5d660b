/** What a restore does to addresses of what lives, and what keeps them: docs/restore.md says the same in words. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalTables, localTables } from '../store/local-tables.ts';
import { saysNothingOfBlocks } from './believing-nodes.ts';
import { type Rehearsal, rehearse, textOf } from './rehearsal.ts';

let local: LocalTables;
let rehearsal: Rehearsal;

beforeAll(async () => {
  local = await localTables();
  rehearsal = await rehearse(local);
}, 180_000);
afterAll(() => local?.stop());

it('the command refuses an argument, since it has none', () => {
  const words = ['--import', 'tsx', 'test/restore/run.ts', '--help'];
  const { status, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  expect(stderr).toContain('restore-drill takes no argument, and "--help" is one: run `npm run restore-drill`');
  expect(status).toBe(1);
});

const containers = (has: (row: Rehearsal['rows'][number]) => boolean) =>
  rehearsal.rows.filter(has).map(({ container }) => container);

it('goes by the steps of lessorctl restore, which stop where somebody has to deploy', () => {
  expect(rehearsal.steps.map((step) => step.split(':')[0])).toEqual([
    ...['note', 'close', 'restore', 'prepare', 'attach'],
    ...['attach', 'look', 'lost', 'settings', 'open'],
  ]);
});

describe('tables that are restored to T', () => {
  it('have what lived then, also what was released since; they have nothing that was leased since', () => {
    expect(containers(({ restored }) => restored)).toEqual([1, 2, 3]);
    expect(containers(({ lives }) => lives)).toEqual([2, 3, 4, 5, 6]);
  });

  it('would have addresses of living containers handed out again, where no block of before is their node’s', () => {
    expect(containers(({ handedOutAgain }) => handedOutAgain)).toEqual([4, 6]);
  });

  it('hand out nothing while the throttle is at 0', () => {
    expect(rehearsal.closed).toEqual({ asked: 100, admitted: 0 });
  });

  it('hold again whatever lives and is asserted, and then none of it is handed out twice', () => {
    const reported = rehearsal.rows.flatMap(({ container, reported: said }) => (said ? [[container, said]] : []));
    expect(reported).toEqual([
      [4, 'held again'],
      [5, 'held again'],
      [6, 'held again'],
    ]);
    expect(containers(({ handedOutAfter }) => handedOutAfter)).toEqual([]);
  });

  it('are looked at by each node, which then believes in no block that is not its own in them', () => {
    expect(rehearsal.nodes.map(({ node, believed, believes }) => [node, believed, believes])).toEqual([
      ['i-4', true, true],
      ['i-5', true, true],
      ['i-6', true, false],
    ]);
    expect(rehearsal.nodes.filter(({ inOutage }) => inOutage !== undefined).map(({ node }) => node)).toEqual([
      'i-4',
      'i-5',
    ]);
    expect(rehearsal.nodes.filter(({ givenTwice }) => givenTwice)).toEqual([]);
  });

  it('would be no use to a node whose service does not say which blocks are whose: its address is another’s too', async () => {
    const other = await localTables();
    try {
      const { nodes } = await rehearse(other, saysNothingOfBlocks);
      expect(nodes.filter(({ givenTwice }) => givenTwice).map(({ node }) => node)).toEqual(['i-6']);
    } finally {
      await other.stop();
    }
  }, 180_000);

  it('are shown on the page as they are here, but for the addresses', () => {
    const page = readFileSync(new URL('../../docs/restore.md', import.meta.url), 'utf8');
    const shape = (text: string) => text.replaceAll(/10\.\d+\.\d+\.\d+\/28/g, 'address');
    expect(shape(page)).toContain(shape(textOf(rehearsal)));
  });
});
