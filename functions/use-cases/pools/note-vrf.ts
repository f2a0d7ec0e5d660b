/** That there is a VRF, so that all of them can be listed. */
import type { Dependencies } from '../dependencies.ts';

/** Once in each environment: those of earlier versions come to be noted by and by. */
export async function noteVrf({ store, memory, now }: Dependencies, vrf: string): Promise<void> {
  if (memory.vrfs.get(vrf, now())) return;
  await store.pools.noteVrf(vrf);
  memory.vrfs.set(vrf, true, now());
}
