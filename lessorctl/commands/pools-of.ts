/** The pools of some VRFs. */
import type { PoolView } from '../../core/contract/pool.ts';
import type { Session } from '../session/session.ts';
import { gathered } from './pages.ts';

/** VRF by VRF, in the order of the names. */
export async function poolsOf({ service, progress }: Session, vrfs: readonly string[]): Promise<PoolView[]> {
  const api = await service();
  const all: PoolView[] = [];
  for (const vrf of vrfs) {
    const list = api.pages('listPools', { query: { vrf, limit: '100' } });
    for (const pool of await gathered(list, (page) => page.pools, progress, 'pools')) all.push(pool);
  }
  return all;
}
