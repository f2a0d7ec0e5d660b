/** Requests in flight, where there is one for each of many things: API Gateway and the functions have other callers too. */
export const READS_AT_ONCE = 8;
