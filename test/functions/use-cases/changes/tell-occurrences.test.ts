/** Events of what happened where a table was restored, and where an item that they go by cannot be read. */
import { expect, it, vi } from 'vitest';
import { LessorError } from '../../../../core/contract/problems.ts';
import type { Occurrence } from '../../../../core/protocol/occurrence.ts';
import { tellOccurrences } from '../../../../functions/use-cases/changes/tell-occurrences.ts';
import { checkingEvents } from '../../checking-events.ts';
import { intercepted } from '../../intercepted.ts';
import { operatorsPool, START, world } from '../../world.ts';

const time = { remainingMs: () => 10_000 };

it('What happens again after a restore has other ids: another claim of the generation, another change of the level', async () => {
  const here = world();
  const { id: pool } = await operatorsPool(here, { addresses: 8, blockSize: 4 });
  const claimedBy = (node: string): Occurrence => ({
    ...{ is: 'block-claimed', key: { pool, block: 0n }, generation: 1, at: START },
    owner: { node, incarnation: 1, boot: 'boot-1', journal: 'j1' },
  });
  const filledAt = (at: number): Occurrence => ({
    ...{ is: 'pool-filled', pool, before: 'room' },
    fill: { level: 'near', use: 0.9, at, turn: 1 },
  });
  const events = checkingEvents();
  const all = [claimedBy('i-1'), claimedBy('i-2'), filledAt(START), filledAt(START + 60_000)];
  await tellOccurrences(here.environment({ events }), time, all);
  expect(new Set(events.told.map(({ detail }) => detail.id)).size).toBe(4);
});

it.each(['readPool', 'readDeath', 'readListed'])(
  'An item that cannot be read (%s) holds nothing: what is known is told',
  async (method) => {
    vi.spyOn(console, 'error').mockReturnValue(undefined);
    const here = world();
    const { id: pool } = await operatorsPool(here, { addresses: 8, blockSize: 4 });
    const all: Occurrence[] = [
      { is: 'node-dead', node: 'i-1', incarnation: 1, declaredAt: START },
      {
        ...{ is: 'block-claimed', key: { pool, block: 0n }, generation: 1, at: START },
        owner: { node: 'i-1', incarnation: 1, boot: 'boot-1', journal: 'j1' },
      },
    ];
    const failing = (error: Error) => {
      const store = intercepted(here.store, async (name, _, proceed) => {
        if (name === method) throw error;
        return proceed();
      });
      const events = checkingEvents();
      return { events, deps: here.environment({ store, events }) };
    };
    const unreadable = failing(new TypeError('why is no text'));
    await tellOccurrences(unreadable.deps, time, all);
    expect(unreadable.events.told.map(({ detailType }) => detailType)).toEqual([
      'Lessor Node Dead',
      'Lessor Block Claimed',
    ]);
    const away = failing(new LessorError('service.unavailable', 'DynamoDB failed', { remedy: 'try again' }));
    await expect(tellOccurrences(away.deps, time, all)).rejects.toThrow('DynamoDB failed');
  },
);
