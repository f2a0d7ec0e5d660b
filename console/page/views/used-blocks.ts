/** Of an IPv6 pool the blocks that are used, as what a map is of. */
import { type ReadonlySignal, useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { ask } from '../ask/ask.ts';
import { repeat } from '../ask/live.ts';
import { poolNamed, vrf } from '../fleet/fleet.ts';
import { type Scope, usedBlocksScope } from '../map/scope.ts';

/** Undefined as long as it is not known, or no pool is meant. */
export function useUsedBlocks(pool: string | undefined): ReadonlySignal<Scope | undefined> {
  const meant = useSignal(pool);
  meant.value = pool;
  const used = useSignal<readonly bigint[] | undefined>(undefined);
  useSignalEffect(() => {
    const name = meant.value;
    used.value = undefined;
    if (name === undefined) return undefined;
    const look = (signal: AbortSignal) =>
      ask('usage', { path: { pool: name }, query: { vrf: vrf.value, by: 'block' } }, signal);
    return repeat(look, true, ({ value }) => {
      const blocks = (value?.parts ?? []).map(({ of }) => BigInt(`0x${of}`)).sort((a, b) => (a < b ? -1 : 1));
      const isSame = blocks.length === used.peek()?.length && blocks.every((one, at) => one === used.peek()?.[at]);
      if (value !== undefined && !isSame) used.value = blocks;
    });
  });
  return useComputed(() => {
    const space = meant.value === undefined ? undefined : poolNamed.value.get(meant.value);
    return space && used.value && usedBlocksScope(space, used.value);
  });
}
