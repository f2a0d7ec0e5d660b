/** A store each of whose requests passes through the test's hand: counted, refused, lost, or kept for later. */
import type { Store } from '../../core/store.ts';

/** @param name the store's method; `proceed` carries the request out */
export type Intercept = (name: string, args: readonly unknown[], proceed: () => Promise<unknown>) => Promise<unknown>;

export function intercepted(store: Store, intercept: Intercept): Store {
  const wrap = <T extends object>(part: T): T =>
    Object.fromEntries(
      Object.entries(part).map(([name, method]) => [
        name,
        (...args: unknown[]) => intercept(name, args, () => method(...args)),
      ]),
    ) as T;
  return {
    leases: wrap(store.leases),
    pools: wrap(store.pools),
    blocks: wrap(store.blocks),
    nodes: wrap(store.nodes),
    counters: wrap(store.counters),
  };
}

/** Notes the name of each request. */
export function counted(store: Store): { store: Store; requests: string[] } {
  const requests: string[] = [];
  const noted = intercepted(store, (name, _, proceed) => {
    requests.push(name);
    return proceed();
  });
  return { store: noted, requests };
}
