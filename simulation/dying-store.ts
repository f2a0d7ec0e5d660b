/** A process of the service that is killed at one of its requests to the store: before it is carried out, or before its answer comes. */
import type { Store } from '../core/store.ts';
import { intercepted } from '../test/functions/intercepted.ts';

export class Killed extends Error {}

export interface Death {
  /** Writes that it lives to see answered. */
  readonly survived: number;
  readonly moment: 'before' | 'after';
}

export function dyingStore(store: Store, { survived, moment }: Death): Store {
  let writes = 0;
  let isDead = false;
  const die = (): never => {
    isDead = true;
    throw new Killed('killed');
  };
  return intercepted(store, async (name, _, proceed) => {
    if (isDead) throw new Killed('it is dead');
    if (/^(read|list)/.test(name)) return proceed();
    const isLast = writes === survived;
    writes += 1;
    if (isLast && moment === 'before') die();
    const answer = await proceed();
    return isLast || isDead ? die() : answer;
  });
}
