/** Something that is to be done again after a while. A clock that was set back makes it due. */
export interface Due {
  isIt(): boolean;
  in(milliseconds: number): void;
}

/** Due from the start. */
export function dueBy(now: () => number): Due {
  let at = Number.NEGATIVE_INFINITY;
  let forMs = 0;
  return {
    isIt() {
      const since = now() - at;
      return since < 0 || since >= forMs;
    },
    in(milliseconds) {
      at = now();
      forMs = milliseconds;
    },
  };
}
