/** What the pods of the bill are, and where. */
import { most } from '../../core/contract/limits.ts';

export interface Setting {
  /** Pods a second on the nodes that stand for all: each ADD with the DEL of another one. */
  readonly rate: number;
  /** That answer, one or another of them. */
  readonly environments: number;
}

/** That stand for all. */
export const NODES = 20;
export const NAMESPACES = 10;
/** Pods. */
export const WARM_UP = 200;
export const MEASURED = 400;

/**
 * By pods a second. A thousand are a fiftieth of it: 20 of 1,000 nodes, and each of 20 environments gets to know as many nodes for
 * each pod.
 */
export const SETTINGS: Readonly<Record<string, Setting>> = {
  '1': { rate: 1, environments: 1 },
  '1000': { rate: 20, environments: 20 },
};

/** Seconds for which nodes gather what they leased by themselves, for comparison. */
export const TELL_WITHIN = [1, 10, 60];

/** Leases in one request, in the mean: a node begins to gather with the first one, and looks once a second. */
export function leasesTold(podsASecond: number, tellWithinSeconds: number): number {
  const { rate = podsASecond } = SETTINGS[podsASecond] ?? {};
  return Math.min(most.itemsOfBatch, 1 + (tellWithinSeconds - 0.5) * ((2 * rate) / NODES));
}

/** By how many at once it is measured: as many pods begin as end. */
export const leasesMeasured = (told: number): number => Math.max(1, 2 * Math.floor(told / 2));

export const podOf = (n: number) => ({
  namespace: `team-${n % NAMESPACES}-production`,
  name: `checkout-service-7d9f8b6c5d-${n.toString(36).padStart(5, 'x')}`,
  uid: `3f0f3c1e-5f0e-4c7e-9d7a-${n.toString(16).padStart(12, '0')}`,
});
