/** `lessorctl pool drain` and `lessorctl pool delete`. */

import type { DeletePoolResult } from '../../core/contract/pool.ts';
import { LessorError } from '../../core/contract/problems.ts';
import { command } from '../session/command.ts';
import type { Session } from '../session/session.ts';
import { changed, changeOptions, freeingOptions } from './change.ts';
import { readSpan } from './times.ts';
import { counted } from './words.ts';

/** Milliseconds between two looks. */
const PAUSE = 5_000;

export const poolDrain = command({
  about: `A pool that is drained gives no new lease; what is held stays. With --wait it is done once nothing is held or cools.`,
  arguments: { pool: { help: 'the pool', kind: 'pool' } },
  options: {
    undo: { kind: 'flag', help: 'let it give leases again' },
    wait: { kind: 'flag', help: 'until nothing of it is held or cools' },
    timeout: { kind: 'value', value: 'SPAN', default: '1h', help: 'so long it waits at most' },
    ...changeOptions,
  },
  examples: [
    { line: 'pool drain old --wait', does: 'Drain a pool, and wait until it is empty' },
    { line: 'pool drain old --undo', does: 'Let it give leases again' },
  ],
  async run({ pool: name, undo, wait, timeout, 'dry-run': dryRun }, session) {
    const patience = readSpan('--timeout', timeout);
    const [api, { vrf }] = [await session.service(), await session.target()];
    const body = { state: undo ? 'active' : 'draining' } as const;
    return changed(session, {
      dryRun,
      names: [name],
      async send(dry) {
        const query = { vrf, dryRun: dry ? 'true' : 'false' } as const;
        const told = await api.ask('changePool', { path: { pool: name }, query, body });
        if (!wait || undo || dry) return told;
        await untilEmpty(session, { name, vrf }, patience);
        return { ...told, effects: [...told.effects, 'nothing of it is held or cools any more'] };
      },
    });
  },
});

async function untilEmpty(
  { service, shell, progress }: Session,
  { name, vrf }: { name: string; vrf: string },
  patience: number,
) {
  const api = await service();
  const deadline = shell.now() + patience;
  for (;;) {
    const { held, cooling = 0 } = await api.ask('usage', { path: { pool: name }, query: { vrf } });
    if (held + cooling === 0) return;
    const left = `pool ${name} is not empty: ${counted(held, 'lease')} held, ${cooling} cooling`;
    if (shell.now() + PAUSE > deadline)
      throw new LessorError('pool.held', left, {
        remedy: `it is drained, and gives no new lease: see lessorctl leases ${name}, wait again`,
      });
    progress.tell(left);
    await shell.sleep(PAUSE);
  }
}

export const poolDelete = command({
  about: `It is refused as long as a lease is held. A deletion that was interrupted goes on with the same command.`,
  arguments: { pool: { help: 'the pool', kind: 'pool' } },
  options: freeingOptions,
  examples: [{ line: 'pool delete old', does: 'See what a deletion comes to, and delete the pool' }],
  async run({ pool: name, 'dry-run': dryRun, yes }, session) {
    const { vrf } = await session.target();
    return changed(session, {
      dryRun,
      asks: { question: `Delete pool ${name} of VRF ${vrf}?`, yes },
      names: [name],
      send: (dry) => deleted(session, { name, vrf }, dry),
    });
  },
});

/** Of some ten thousand blocks a request seals hundreds. */
const MOST_ROUNDS = 1_000;

/** Each request goes on where the one before ended. */
export async function deleted(
  { service, progress }: Session,
  { name, vrf }: { name: string; vrf: string },
  dryRun: boolean,
): Promise<DeletePoolResult> {
  const api = await service();
  for (let rounds = 1; ; rounds++) {
    const result = await api.ask('deletePool', {
      path: { pool: name },
      query: { vrf, dryRun: dryRun ? 'true' : 'false' },
    });
    if (dryRun || result.deleted) return result;
    if (rounds === MOST_ROUNDS)
      throw new LessorError(
        'service.busy',
        `pool ${name} is not deleted yet: ${result.sealed} of ${result.total} blocks are sealed`,
        {
          remedy: 'the same command goes on',
        },
      );
    progress.tell(`${result.sealed} of ${result.total} blocks of pool ${name} are sealed`);
  }
}
