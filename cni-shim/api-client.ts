/** Signed requests to the API, each with its own deadline and all within one, repeated where that can help. */
import type { GiveBackRequest, GiveBackResult } from '../core/contract/blocks.ts';
import type { AllocateRequest, AllocateResult, ReleaseRequest, ReleaseResult } from '../core/contract/messages.ts';
import { LessorError } from '../core/contract/problems.ts';
import { type Refused, refusedBy } from './answer.ts';
import type { Observer } from './call-record.ts';
import type { CredentialSupply } from './credentials.ts';
import { parseJson } from './fields.ts';
import { refusal } from './refusal.ts';
import { sign } from './sigv4.ts';
import { isSound } from './sound-allocation.ts';
import type { Surroundings } from './surroundings.ts';

export interface Limits {
  /** Milliseconds for one attempt, and for all of them together. */
  readonly attempt: number;
  readonly total: number;
}

/** kubelet waits about 4 minutes for a sandbox: failing early leaves it time to try again. */
export const DEFAULT_LIMITS: Limits = { attempt: 4_000, total: 20_000 };
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

export interface Api {
  /** `next` makes the request for each time that it is sent; undefined where it does not want to go on. @throws LessorError */
  allocate(next: () => AllocateRequest | undefined): Promise<AllocateResult | undefined>;
  /** @throws LessorError */
  release(request: ReleaseRequest): Promise<ReleaseResult | undefined>;
  /** Has the time of one attempt only: nobody waits for it. @throws LessorError */
  giveBack(request: GiveBackRequest): Promise<GiveBackResult | undefined>;
}

export interface ApiAccess {
  readonly endpoint: URL;
  readonly region: string;
  readonly credentials: CredentialSupply;
  readonly surroundings: Surroundings;
  readonly limits?: Limits;
  readonly observer?: Observer | undefined;
}

/** `withCached`: denied with credentials from the cache. */
type Outcome<T> = { readonly result: T } | (Refused & { readonly withCached?: boolean });

interface Schema<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false };
}

interface Route<T> {
  readonly path: string;
  schema(): Promise<Schema<T>>;
}

/** Evaluating the contract's schemas takes milliseconds: it happens while the first request is on its way. */
const contract = () => import('../core/contract/messages.ts');

/** As in core/contract/routes.ts, which cannot be had without its schemas; a test compares. */
export const PATHS = { allocate: '/v1/leases', release: '/v1/releases', giveBack: '/v1/blocks/releases' } as const;

const allocation: Route<AllocateResult> = {
  path: PATHS.allocate,
  schema: async () => soundly((await contract()).allocateResult),
};
const releasing: Route<ReleaseResult> = { path: PATHS.release, schema: async () => (await contract()).releaseResult };
const givingBack: Route<GiveBackResult> = {
  path: PATHS.giveBack,
  schema: async () => (await import('../core/contract/blocks.ts')).giveBackResult,
};

const soundly = (schema: Schema<AllocateResult>): Schema<AllocateResult> => ({
  safeParse(value) {
    const parsed = schema.safeParse(value);
    return parsed.success && !isSound(parsed.data) ? { success: false } : parsed;
  },
});

export function apiClient(access: ApiAccess): Api {
  const { attempt } = access.limits ?? DEFAULT_LIMITS;
  return {
    allocate: (next) => call(access, allocation, next),
    release: (request) => call(access, releasing, () => request),
    giveBack: (request) => call({ ...access, limits: { attempt, total: attempt } }, givingBack, () => request),
  };
}

async function call<T>(access: ApiAccess, route: Route<T>, next: () => unknown): Promise<T | undefined> {
  const { surroundings, limits = DEFAULT_LIMITS } = access;
  const deadline = surroundings.now() + limits.total;
  let fresh = false;
  for (let repeats = 0; ; repeats++) {
    const patience = () => Math.max(1, Math.ceil(Math.min(limits.attempt, deadline - surroundings.now())));
    const outcome: Outcome<T | undefined> = await attempt(access, route, { next, fresh, patience });
    if ('result' in outcome) return outcome.result;
    // Cached credentials may have been withdrawn before their end: fresh ones are worth one more request, at once.
    const renew: boolean = outcome.withCached === true && !fresh;
    const pause = renew ? 0 : surroundings.random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** repeats);
    if (!(outcome.again || renew) || surroundings.now() + pause >= deadline) throw outcome.error;
    fresh ||= renew;
    await surroundings.sleep(pause);
  }
}

interface Attempt {
  next(): unknown;
  /** Whether cached credentials are passed over. */
  readonly fresh: boolean;
  /** Milliseconds that the answer may take, from now on. */
  patience(): number;
}

async function attempt<T>(
  { endpoint, region, credentials, surroundings, observer }: ApiAccess,
  { path, schema }: Route<T>,
  { next, fresh, patience }: Attempt,
): Promise<Outcome<T | undefined>> {
  const url = new URL(`${endpoint.pathname.replace(/\/+$/, '')}${path}`, endpoint);
  let supplied: Awaited<ReturnType<CredentialSupply['get']>>;
  try {
    supplied = await credentials.get({ fresh });
  } catch (error) {
    if (error instanceof LessorError) return { error, again: false };
    throw error;
  }
  const at = new Date(surroundings.now());
  const request = next();
  if (request === undefined) return { result: undefined };
  const body = JSON.stringify(request);
  const headers = await sign(
    { method: 'POST', url, headers: { 'content-type': 'application/json' }, body },
    { credentials: supplied.credentials, region, service: 'execute-api', at },
  );
  const milliseconds = patience();
  const signal = AbortSignal.timeout(milliseconds);
  let response: Response;
  let text: string;
  observer?.sent();
  const all = { ...observer?.headers, ...headers };
  const answer = surroundings.fetch(url, { method: 'POST', headers: all, body, signal, redirect: 'manual' });
  const [ready] = await Promise.all([schema(), answer.catch(() => undefined)]);
  try {
    response = await answer;
    observer?.answered(response.headers);
    text = await response.text();
  } catch (cause) {
    return { error: unreachable(endpoint, cause, milliseconds), again: true };
  }
  if (response.status !== 200) {
    const { status, headers } = response;
    const refused = refusedBy({ status, headers, text, receivedAt: surroundings.now(), endpoint: endpoint.origin });
    return { ...refused, withCached: supplied.cached && refused.error.code === 'auth.denied' };
  }
  const parsed = ready.safeParse(parseJson(text));
  if (parsed.success) return { result: parsed.data };
  const remedy = 'is endpoint the Lessor API, in a version that fits this plugin?';
  return { error: refusal('service.fault', `${url} answered what the contract does not know`, remedy), again: false };
}

function unreachable(endpoint: URL, cause: unknown, patience: number): LessorError {
  const { name, code } = cause as { name?: string; code?: unknown };
  const inner = (cause as { cause?: { code?: unknown } }).cause?.code;
  const why =
    name === 'TimeoutError' ? `it did not answer within ${Math.round(patience)} ms` : String(code ?? inner ?? name);
  return refusal(
    'service.unavailable',
    `${endpoint.origin} cannot be reached (${why})`,
    'check endpoint in the node configuration, DNS and the way from this node to the API; the runtime will try again',
    cause,
  );
}
