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
    fills: wrap(store.fills),
    identities: wrap(store.identities),
    history: wrap(store.history),
    registryBytes: store.registryBytes,
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

export interface HeldBack {
  readonly store: Store;
  /** When a request of that name is on its way. */
  readonly isSent: Promise<void>;
  /** Lets it, and those after it, arrive. */
  readonly arrives: () => void;
}

/** Requests of that name are on their way until they are told to arrive. */
export function heldBack(store: Store, method: string): HeldBack {
  let sent = () => {};
  let arrives = () => {};
  const isSent = new Promise<void>((resolve) => {
    sent = resolve;
  });
  const turn = new Promise<void>((resolve) => {
    arrives = resolve;
  });
  const held = intercepted(store, async (name, _, proceed) => {
    if (name === method) {
      sent();
      await turn;
    }
    return proceed();
  });
  return { store: held, isSent, arrives: () => arrives() };
}
