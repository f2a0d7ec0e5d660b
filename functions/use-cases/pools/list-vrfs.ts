/** Which VRFs there are. */
import type { ListVrfsQuery, ListVrfsResult, VrfView } from '../../../core/contract/vrfs.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { pageOf } from '../pages.ts';

/** VRFs of which is read at once. */
const A_LOOK = 100;

/** Those that have pools, with how many; what is noted stays so when the last pool is gone. */
export async function listVrfs(
  deps: Dependencies,
  call: Pick<Call, 'remainingMs'>,
  { cursor = '', limit }: ListVrfsQuery,
): Promise<ListVrfsResult> {
  const { rows, nextCursor } = await pageOf<string, VrfView>(call, {
    keys: noted(deps, cursor),
    read: async (vrf) => {
      const { pools } = await deps.store.pools.readRegistry(vrf);
      return pools.length === 0 ? [] : [{ vrf, pools: pools.length }];
    },
    after: (vrf) => vrf,
    keysAPage: limit,
  });
  return { vrfs: [...rows], ...(nextCursor === undefined ? {} : { nextCursor }) };
}

async function* noted({ store }: Dependencies, cursor: string): AsyncGenerator<string> {
  let after = cursor;
  for (;;) {
    const some = await store.pools.readVrfs(after, A_LOOK);
    yield* some;
    if (some.length < A_LOOK) return;
    after = some.at(-1) ?? after;
  }
}
