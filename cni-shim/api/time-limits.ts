/** For how long a call of the API goes on. */
export interface Limits {
  /** Milliseconds for one attempt, and for all of them together. */
  readonly attempt: number;
  readonly total: number;
}

/** kubelet waits about 4 minutes for a sandbox: failing early leaves it time to try again. */
export const DEFAULT_LIMITS: Limits = { attempt: 4_000, total: 20_000 };
