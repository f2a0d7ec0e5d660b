/** A process of a node that is killed: from then on it does nothing any more, though what it sent is under way. */
import type { Surroundings } from '../cni-shim/machine/surroundings.ts';
import type { Schedule } from './schedule.ts';

class Killed extends Error {}

/** What it comes to where it is over before; undefined where it is killed. */
export async function killed<T>(
  surroundings: Surroundings,
  { over, cancel }: ReturnType<Schedule['timer']>,
  act: (surroundings: Surroundings) => Promise<T>,
): Promise<T | undefined> {
  let isKilled = false;
  const ensureAlive = () => {
    if (isKilled) throw new Killed('killed');
  };
  const guarded =
    <A extends unknown[], R>(one: (...args: A) => R) =>
    (...args: A): R => {
      ensureAlive();
      return one(...args);
    };
  const answered =
    <A extends unknown[], R>(one: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      ensureAlive();
      const answer = await one(...args);
      ensureAlive();
      return answer;
    };
  const mortal: Surroundings = {
    ...surroundings,
    openDatabase: guarded((path) => {
      const { all, run, exec, close } = surroundings.openDatabase(path);
      return { all: guarded(all), run: guarded(run), exec: guarded(exec), close };
    }),
    fetch: answered(surroundings.fetch),
    sleep: answered(surroundings.sleep),
  };
  const acted = act(mortal).catch((error: unknown) => {
    if (!isKilled) throw error;
    return undefined;
  });
  const end = over.then(() => {
    isKilled = true;
    return undefined;
  });
  try {
    return await Promise.race([acted, end]);
  } finally {
    cancel();
  }
}
