/** Signed requests to the API, each with its own deadline and all within one, repeated where that can help. */
import type { GiveBackRequest, GiveBackResult } from '../../core/contract/blocks.ts';
import type {
  AllocateRequest,
  AllocateResult,
  CheckRequest,
  CheckResult,
  ReleaseRequest,
  ReleaseResult,
  ReportRequest,
  ReportResult,
} from '../../core/contract/lease.ts';
import type { OwnLeasesResult, SeenRequest, SeenResult } from '../../core/contract/nodes.ts';
import { LessorError } from '../../core/contract/problems.ts';
import type { ReadinessRequest, ReadinessResult } from '../../core/contract/questions.ts';
import { CONTRACT, CONTRACT_HEADER, contractText, parseContract } from '../../core/contract/version.ts';
import type { CredentialSupply } from '../aws/credentials.ts';
import { sign } from '../aws/sigv4.ts';
import type { Observer } from '../log/call-record.ts';
import { parseJson } from '../machine/json.ts';
import { refusal } from '../machine/refusal.ts';
import type { Surroundings } from '../machine/surroundings.ts';
import { answerText } from './body.ts';
import { type Refused, refusedBy } from './refusals.ts';
import {
  allocateResult,
  checkResult,
  giveBackResult,
  ownLeasesResult,
  readinessResult,
  releaseResult,
  reportResult,
  seenResult,
} from './results.ts';
import { MISMATCH, type Shape } from './shapes.ts';
import { isSound } from './sound-allocation.ts';

export interface Limits {
  /** Milliseconds for one attempt, and for all of them together. */
  readonly attempt: number;
  readonly total: number;
}

/** kubelet waits about 4 minutes for a sandbox: failing early leaves it time to try again. */
export const DEFAULT_LIMITS: Limits = { attempt: 4_000, total: 20_000 };
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/** All throw LessorError. Undefined results only where the request did not want to be sent. */
export interface Calls {
  /** `next` makes the request for each time that it is sent; undefined where it does not want to go on. */
  allocate(next: () => AllocateRequest | undefined): Promise<AllocateResult | undefined>;
  release(request: ReleaseRequest): Promise<ReleaseResult | undefined>;
  /** Has the time of one attempt only: nobody waits for it. */
  giveBack(request: GiveBackRequest): Promise<GiveBackResult | undefined>;
  report(request: ReportRequest): Promise<ReportResult | undefined>;
  ownLeases(cursor?: string): Promise<OwnLeasesResult | undefined>;
  check(request: CheckRequest): Promise<CheckResult | undefined>;
  readiness(request: ReadinessRequest): Promise<ReadinessResult | undefined>;
  seen(request: SeenRequest): Promise<SeenResult | undefined>;
}

export interface Api extends Calls {
  /** The same calls with the time of one attempt, for whoever can do without an answer. */
  readonly brief: Calls;
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

interface Route<T> {
  /** POST where it is left out. */
  readonly method?: 'GET' | 'POST';
  readonly path: string;
  readonly shape: Shape<T>;
}

/** As in core/contract/routes.ts, which cannot be had without its schemas; a test compares. */
export const PATHS = {
  allocate: '/v1/leases',
  release: '/v1/releases',
  giveBack: '/v1/blocks/releases',
  report: '/v1/leases/reports',
  ownLeases: '/v1/nodes/self/leases',
  check: '/v1/leases/checks',
  readiness: '/v1/readiness',
  seen: '/v1/nodes/self',
} as const;

const route = <T>(path: string, shape: Shape<T>): Route<T> => ({ path, shape });
const soundAllocation: Shape<AllocateResult> = (value) => {
  const read = allocateResult(value);
  return read === MISMATCH || !isSound(read) ? MISMATCH : read;
};
const allocation = route(PATHS.allocate, soundAllocation);
const releasing = route(PATHS.release, releaseResult);
const givingBack = route(PATHS.giveBack, giveBackResult);
const reporting = route(PATHS.report, reportResult);
const checking = route(PATHS.check, checkResult);
const readying = route(PATHS.readiness, readinessResult);
const seeing = route(PATHS.seen, seenResult);
const listing = (cursor: string | undefined): Route<OwnLeasesResult> => ({
  method: 'GET',
  path: cursor === undefined ? PATHS.ownLeases : `${PATHS.ownLeases}?cursor=${encodeURIComponent(cursor)}`,
  shape: ownLeasesResult,
});

export function apiClient(access: ApiAccess): Api {
  const { attempt } = access.limits ?? DEFAULT_LIMITS;
  const once = { ...access, limits: { attempt, total: attempt } };
  return { ...callsOf(access, once), brief: callsOf(once, once) };
}

const callsOf = (access: ApiAccess, once: ApiAccess): Calls => ({
  allocate: (next) => call(access, allocation, next),
  release: (request) => call(access, releasing, () => request),
  giveBack: (request) => call(once, givingBack, () => request),
  report: (request) => call(access, reporting, () => request),
  ownLeases: (cursor) => call(access, listing(cursor), () => ({})),
  check: (request) => call(access, checking, () => request),
  readiness: (request) => call(access, readying, () => request),
  seen: (request) => call(access, seeing, () => request),
});

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
  { method = 'POST', path, shape }: Route<T>,
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
  const body = method === 'GET' ? '' : JSON.stringify(request);
  const version = { [CONTRACT_HEADER]: contractText(CONTRACT) };
  const type: Record<string, string> = method === 'GET' ? version : { ...version, 'content-type': 'application/json' };
  const headers = await sign(
    { method, url, headers: type, body },
    { credentials: supplied.credentials, region, service: 'execute-api', at },
  );
  const milliseconds = patience();
  const signal = AbortSignal.timeout(milliseconds);
  let response: Response;
  let text: string;
  observer?.sent();
  const sent = method === 'GET' ? {} : { body };
  const all = { ...observer?.headers, ...headers };
  try {
    response = await surroundings.fetch(url, { method, headers: all, ...sent, signal, redirect: 'manual' });
    observer?.answered(response.headers);
    text = await answerText(response);
  } catch (cause) {
    return { error: unreachable(endpoint, cause, milliseconds), again: true };
  }
  const other = otherMajor(response.headers.get(CONTRACT_HEADER));
  if (other !== undefined) return { error: other, again: false };
  if (response.status !== 200) {
    const { status, headers } = response;
    const refused = refusedBy({ status, headers, text, receivedAt: surroundings.now(), endpoint: endpoint.origin });
    return { ...refused, withCached: supplied.cached && refused.error.code === 'auth.denied' };
  }
  const result = shape(parseJson(text));
  if (result !== MISMATCH) return { result };
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

/** Minor versions understand each other; one of before there were versions says nothing. */
function otherMajor(header: string | null): LessorError | undefined {
  const version = header === null ? undefined : parseContract(header);
  if (version === undefined || version.major === CONTRACT.major) return undefined;
  return refusal(
    'contract.version',
    `the service speaks version ${contractText(version)} of the contract, this plugin ${contractText(CONTRACT)}`,
    "install the plugin of the service's release",
  );
}
