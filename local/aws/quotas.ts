/** What API Gateway and Lambda take at the most. From their developer guides: "Quotas for … an HTTP API", "… a REST API", "Lambda quotas". */
export const quotas = {
  /** Bytes of the request line and of the headers' values together: of an HTTP API, and of a private REST API. */
  requestHead: { http: 10_240, rest: 8_000 },
  /** Bytes of a request's body. */
  body: 10 * 1024 * 1024,
  /** Bytes of the JSON that a function is invoked with, and of the JSON that it returns: 6 MB, as Lambda's error texts count it. */
  payload: 6_291_556,
  /** Milliseconds that an API may wait for a function. */
  integrationTimeoutMs: { http: { least: 50, most: 30_000 }, rest: { least: 50, most: 29_000 } },
  /** An account's throttle of a Region, which counts where a stage has none: requests a second, and at once. */
  throttle: { rate: 10_000, burst: 5000 },
} as const;
