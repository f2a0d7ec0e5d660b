/** Which pools a CNI network configuration asks for. */

export interface AskedPools {
  /** The network's name. */
  readonly network: string;
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

/** Undefined where it is no JSON. */
export function conflistIn(text: string): { readonly asked: AskedPools | undefined } | undefined {
  let read: ({ name?: string; plugins?: readonly Plugin[] } & Plugin) | null;
  try {
    read = JSON.parse(text);
  } catch {
    return undefined;
  }
  return { asked: askedBy(read ?? {}) };
}

/** Undefined where its addresses are another plugin's. */
function askedBy({ name = '', plugins = [], ipam: own }: { name?: string; plugins?: readonly Plugin[] } & Plugin) {
  const ipam = [own, ...plugins.map((plugin) => plugin.ipam)].find((one) => one !== undefined);
  if (ipam?.type !== 'lessor') return undefined;
  const { pool, pools, vrf } = { ...ipam, ...ipam.lessor };
  const named = pool === undefined ? pools : [pool];
  const inline = ipam.subnet !== undefined || ipam.ranges !== undefined ? [name] : [];
  return { network: name, pools: named ?? inline, ...(vrf === undefined ? {} : { vrf }) };
}
