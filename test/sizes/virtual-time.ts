/** Time that passes only where somebody waits for it: what runs side by side takes as long as the longest of it. */

export interface VirtualTime {
  /** Milliseconds since it began. */
  now(): number;
  sleep(milliseconds: number): Promise<void>;
  /** Lets time pass until the work is done. @throws what the work throws */
  during<T>(work: () => Promise<T>): Promise<T>;
}

interface Sleeper {
  readonly until: number;
  wake(): void;
}

export function virtualTime(): VirtualTime {
  let now = 0;
  const sleepers: Sleeper[] = [];
  return {
    now: () => now,
    sleep: (milliseconds) => new Promise((wake) => sleepers.push({ until: now + milliseconds, wake })),
    async during(work) {
      let isDone = false;
      const outcome = work().finally(() => {
        isDone = true;
      });
      // An error is thrown to whoever waits below, not to the process.
      outcome.catch(() => undefined);
      for (;;) {
        // Whatever can go on without time has gone on by then.
        await new Promise(setImmediate);
        if (isDone) return outcome;
        if (sleepers.length === 0) throw new Error('The work waits for something else than time');
        now = Math.min(...sleepers.map(({ until }) => until));
        const due = sleepers.filter(({ until }) => until <= now);
        sleepers.splice(0, sleepers.length, ...sleepers.filter(({ until }) => until > now));
        for (const { wake } of due) wake();
      }
    },
  };
}
