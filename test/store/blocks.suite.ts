/** How any store keeps blocks that nodes own. */
import { describe, expect, it } from 'vitest';
import type { Store } from '../../core/store.ts';
import { newId, newSlot, ownerOf } from './refusals.ts';

export function blocksSuite(open: () => Store): void {
  describe('blocks', () => {
    it('are owned by one node at a time, each time at another generation (I6)', async () => {
      const { blocks } = open();
      const key = newSlot();
      expect(await blocks.read(key)).toBeUndefined();
      const owner = ownerOf('i-1');
      const claimed = { state: 'claimed', generation: 1, forced: false, owner } as const;
      expect(await blocks.claim(key, owner)).toEqual({ claimed: true, block: claimed });
      expect(await blocks.claim(key, ownerOf('i-2'))).toEqual({ claimed: false, block: claimed });
      expect(await blocks.takeUp(key, 1, ownerOf('i-1', 'boot-2'))).toBe(true);
      const again = { ...claimed, generation: 2, owner: ownerOf('i-1', 'boot-2') };
      expect(await blocks.read(key)).toEqual(again);
      expect(await blocks.fence(key, 2, true)).toBe(true);
      expect(await blocks.read(key)).toEqual({ ...again, state: 'releasing', generation: 3, forced: true });
      expect(await blocks.finish(key, 3)).toBe(true);
      expect(await blocks.read(key)).toEqual({ state: 'free', generation: 3, forced: false });
      expect(await blocks.claim(key, ownerOf('i-2'))).toMatchObject({ claimed: true, block: { generation: 4 } });
      expect(await blocks.fence(key, 4, false)).toBe(true);
      expect(await blocks.abort(key, 5)).toBe(true);
      const kept = { state: 'claimed', generation: 5, forced: false, owner: ownerOf('i-2') };
      expect(await blocks.read(key)).toEqual(kept);
      expect(await blocks.seal(key)).toBe(false);
    });

    it('are sealed where nobody owns them, and never claimed again', async () => {
      const { blocks } = open();
      const [never, free] = [newSlot(), newSlot()];
      await blocks.claim(free, ownerOf('i-1'));
      await blocks.fence(free, 1, true);
      await blocks.finish(free, 2);
      for (const key of [never, free]) {
        expect(await blocks.seal(key)).toBe(true);
        expect(await blocks.claim(key, ownerOf('i-2'))).toMatchObject({ claimed: false, block: { state: 'sealed' } });
      }
    });

    it('go to one of many that claim at once', async () => {
      const { blocks } = open();
      const key = newSlot();
      const claims = Array.from({ length: 16 }, (_, n) => blocks.claim(key, ownerOf(`i-${n}`)));
      expect((await Promise.all(claims)).filter(({ claimed }) => claimed)).toHaveLength(1);
    });

    it('are found by their shard', async () => {
      const { blocks } = open();
      const pool = newId();
      for (const block of [0n, 255n, 256n, 1n << 70n]) await blocks.claim({ pool, block }, ownerOf('i-1'));
      expect([...(await blocks.readShard(pool, 0n)).keys()].sort()).toEqual([0n, 255n]);
      expect([...(await blocks.readShard(pool, 1n)).keys()]).toEqual([256n]);
      expect([...(await blocks.readShard(pool, 1n << 62n)).keys()]).toEqual([1n << 70n]);
      expect((await blocks.readShard(newId(), 0n)).size).toBe(0);
    });
  });
}
