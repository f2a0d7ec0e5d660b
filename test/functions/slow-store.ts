/** A store each of whose requests takes as long by the world's clock; those that are under way together take it together. */
import type { Store } from '../../core/store.ts';
import { intercepted } from './intercepted.ts';
import type { World } from './world.ts';

export interface SlowStore {
  readonly store: Store;
  /** Names, in the order in which they were answered. */
  readonly requests: string[];
  /** How many were under way together at most. */
  readonly together: () => number;
}

/** @param ms what a request takes */
export function slowStore({ store, clock }: World, ms: number): SlowStore {
  const requests: string[] = [];
  const underWay: { readonly until: number; readonly answer: () => void }[] = [];
  let most = 0;
  let ticking = false;
  /** Runs when nothing else can: then the next thing to happen is the next answer. */
  const tick = () => {
    clock.now = Math.max(clock.now, Math.min(...underWay.map(({ until }) => until)));
    for (const one of underWay.splice(0))
      if (one.until <= clock.now) one.answer();
      else underWay.push(one);
    ticking = underWay.length > 0;
    if (ticking) setImmediate(tick);
  };
  const slow = intercepted(store, async (name, _, proceed) => {
    await new Promise<void>((answer) => {
      underWay.push({ until: clock.now + ms, answer });
      most = Math.max(most, underWay.length);
      if (!ticking) setImmediate(tick);
      ticking = true;
    });
    requests.push(name);
    return proceed();
  });
  return { store: slow, requests, together: () => most };
}

/** How long a request has from now on, by the world's clock. */
export const timeFrom = ({ clock }: World, ms: number): { caller: string; remainingMs: () => number } => {
  const end = clock.now + ms;
  return { caller: 'user/ann', remainingMs: () => end - clock.now };
};
