/** Which pools a CNI network configuration asks for. */
import { wrong } from '../settings/wrong.ts';

export interface AskedPools {
  readonly vrf?: string;
  readonly pools: readonly string[];
}

interface Plugin {
  readonly ipam?: {
    readonly type?: string;
    readonly pool?: string;
    readonly pools?: readonly string[];
    readonly vrf?: string;
    readonly subnet?: string;
    readonly ranges?: unknown;
    readonly lessor?: { readonly pool?: string; readonly pools?: readonly string[]; readonly vrf?: string };
  };
}

/** @param path for what is said of a wrong one. @throws LessorError `request.invalid` */
export function poolsOfConflist(path: string, text: string): AskedPools {
  let read: { name?: string; plugins?: readonly Plugin[] } & Plugin;
  try {
    read = JSON.parse(text);
  } catch (cause) {
    throw wrong(`--conflist ${path} is not JSON`, 'give a network configuration, as in /etc/cni/net.d', cause);
  }
  const ipam = [read, ...(read.plugins ?? [])].map((plugin) => plugin.ipam).find((one) => one !== undefined);
  if (ipam?.type !== 'lessor')
    throw wrong(`--conflist ${path} has no ipam section of type lessor`, 'give the one of the nodes, or --pools');
  const { pool, pools, vrf } = { ...ipam, ...ipam.lessor };
  const own = pool === undefined ? pools : [pool];
  const inline = ipam.subnet !== undefined || ipam.ranges !== undefined ? [read.name ?? ''] : [];
  return { pools: own ?? inline, ...(vrf === undefined ? {} : { vrf }) };
}
