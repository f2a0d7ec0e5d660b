/** The pools of all VRFs. */
import type { PoolView } from '../../core/contract/pool.ts';
import { LessorError } from '../../core/contract/problems.ts';
import type { Session } from '../session/session.ts';
import { gathered } from './pages.ts';
import { vrfsMeant } from './vrfs.ts';

/** Of a service that cannot say which VRFs there are, those of the VRF that is meant: a backup may come before an upgrade. */
export async function poolsOfAll(session: Session): Promise<readonly PoolView[]> {
  const api = await session.service();
  const vrfs = await vrfsMeant(session, true).catch((error: unknown) => {
    if (error instanceof LessorError && error.code === 'route.unknown') return vrfsMeant(session, false);
    throw error;
  });
  const pools: PoolView[] = [];
  for (const vrf of vrfs) {
    const list = api.pages('listPools', { query: { vrf, limit: '100' } });
    pools.push(...(await gathered(list, (page) => page.pools, session.progress, `pools of VRF ${vrf}`)));
  }
  return pools;
}
