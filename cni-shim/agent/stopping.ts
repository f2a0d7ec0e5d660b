/** Waiting that ends when the process is told to stop. */
export interface Stopping {
  readonly isTold: boolean;
  /** What `work` comes to; undefined, at once, where the process is told to stop before that. Rejects as `work` does. */
  unless<T>(work: Promise<T>): Promise<T | undefined>;
}

/**
 * Not Promise.race with `stopped`: a promise that lasts as long as the process keeps what each race hung on it, and a race each
 * second grows to the agent's limit of memory within days.
 */
export function stoppingBy(stopped: Promise<void>): Stopping {
  const waiting = new Set<() => void>();
  let isTold = false;
  stopped.then(() => {
    isTold = true;
    for (const tell of waiting) tell();
  });
  return {
    get isTold() {
      return isTold;
    },
    unless: (work) =>
      new Promise((resolve, reject) => {
        const tell = () => resolve(undefined);
        waiting.add(tell);
        if (isTold) tell();
        work.then(resolve, reject).finally(() => waiting.delete(tell));
      }),
  };
}
