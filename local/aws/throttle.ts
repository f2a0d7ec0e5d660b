/** A stage's throttle: a bucket of tokens, one for each request (API Gateway, "Throttle requests to your HTTP APIs"). */

export interface ThrottleDefinition {
  /** Requests a second for as long as one likes: by as many tokens the bucket fills again. */
  readonly rate: number;
  /** Requests at once: as many tokens the bucket holds. */
  readonly burst: number;
}

/**
 * @param now milliseconds, from any beginning
 * @returns takes a token, and says whether there was one
 */
export function tokenBucket({ rate, burst }: ThrottleDefinition, now: () => number): () => boolean {
  let tokens = burst;
  let last = now();
  return () => {
    const at = now();
    tokens = Math.min(burst, tokens + ((at - last) / 1000) * rate);
    last = at;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}
