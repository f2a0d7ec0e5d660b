/**
 * What AWS takes, in US dollars. Change it here, then `npm run cost -- --write`.
 *
 * As AWS published them in the first half of 2025, written down from memory: where this was written there is no way to AWS.
 * Of each the first tier, without free tiers, tax and discounts. Sources: the pricing pages of API Gateway, Lambda, DynamoDB
 * and CloudWatch (aws.amazon.com/<service>/pricing).
 */
export interface Prices {
  /** Requests to an HTTP API, a million of them, each of 512 KB at most. */
  readonly apiRequests: number;
  readonly lambdaRequests: number;
  /** Lambda on arm64: a GB of memory for a second. */
  readonly lambdaGbSecond: number;
  /** DynamoDB on demand, a million units. */
  readonly writeUnits: number;
  readonly readUnits: number;
  /** CloudWatch Logs, standard class: a GB that is taken in. Each event has 26 bytes more than its text. */
  readonly logGb: number;
  /** CloudWatch, a month of one. */
  readonly metric: number;
  readonly alarm: number;
  readonly dashboard: number;
}

const everywhere = { lambdaRequests: 0.2, lambdaGbSecond: 0.0000133334, metric: 0.3, alarm: 0.1, dashboard: 3 };

export const prices = {
  'us-east-1': { ...everywhere, apiRequests: 1, writeUnits: 0.625, readUnits: 0.125, logGb: 0.5 },
  'eu-central-1': { ...everywhere, apiRequests: 1.2, writeUnits: 0.7625, readUnits: 0.1525, logGb: 0.63 },
} as const satisfies Record<string, Prices>;
