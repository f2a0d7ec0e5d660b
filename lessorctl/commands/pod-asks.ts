/** What a pod asks for by its annotations, as the plugin reads them for a network. What the plugin refuses is left out here. */
import { isIdentity, isName, most } from '../../core/contract/limits.ts';

export interface PodAsks {
  readonly podPools?: string[];
  readonly identity?: string;
}

/** @param network its name; undefined where that is not known: then only what is for every network counts */
export function podAsks(annotations: Readonly<Record<string, string>>, network: string | undefined): PodAsks {
  const pools = (valueFor(annotations['lessor.dev/pools'], network) ?? '').split(',').map((name) => name.trim());
  const identity = valueFor(annotations['lessor.dev/identity'], network) ?? '';
  return {
    ...(pools.length <= most.names && pools.every(isName) ? { podPools: [...new Set(pools)] } : {}),
    ...(isIdentity(identity) ? { identity } : {}),
  };
}

/** The text itself, or what an object has for the network. */
function valueFor(text: string | undefined, network: string | undefined): string | undefined {
  if (!text?.trimStart().startsWith('{')) return text;
  try {
    const value: unknown = network === undefined ? undefined : (JSON.parse(text) as Record<string, unknown>)[network];
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
