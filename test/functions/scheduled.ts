/** A store whose requests fast-check's scheduler interleaves: before each is carried out, and before its answer is read. */
import type fc from 'fast-check';
import type { Store } from '../../core/store.ts';
import { intercepted } from './intercepted.ts';

export const scheduled = (store: Store, scheduler: fc.Scheduler): Store =>
  intercepted(store, async (name, _, proceed) => {
    await scheduler.schedule(Promise.resolve(), `${name} arrives`);
    const answer = await proceed();
    await scheduler.schedule(Promise.resolve(), `${name} is answered`);
    return answer;
  });
