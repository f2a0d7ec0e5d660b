/** Signed requests to the API, each with its own deadline and all within one, repeated where that can help. */

import type { BatchRequest, BatchResult } from '../../core/contract/batch.ts';
import type { GiveBackRequest, GiveBackResult } from '../../core/contract/blocks.ts';
import type { HeartbeatRequest, HeartbeatResult } from '../../core/contract/heartbeat.ts';
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
import type { GoodbyeRequest, GoodbyeResult, OwnLeasesResult } from '../../core/contract/nodes.ts';
import { paths } from '../../core/contract/paths.ts';
import type { LessorError } from '../../core/contract/problems.ts';
import type { ReadinessRequest, ReadinessResult } from '../../core/contract/questions.ts';
import { CONTRACT, CONTRACT_HEADER, contractText, parseContract } from '../../core/contract/version.ts';
import { type BackOff, pauseOf } from '../../core/protocol/back-off.ts';
import type { CredentialSupply } from '../aws/credentials.ts';
import { sign } from '../aws/sigv4.ts';
import type { Observer } from '../log/call-record.ts';
import { parseJson } from '../machine/json.ts';
import { refusal } from '../machine/refusal.ts';
import type { Surroundings } from '../machine/surroundings.ts';
import { answerText } from './body.ts';
import { outcomeOf } from './call-outcome.ts';
import { type Refused, refusedBy } from './refusals.ts';
import {
  allocateResult,
  batchResult,
  checkResult,
  giveBackResult,
  goodbyeResult,
  heartbeatResult,
  ownLeasesResult,
  readinessResult,
  releaseResult,
  reportResult,
} from './results.ts';
import { MISMATCH, type Shape } from './shapes.ts';
import { isSound } from './sound-allocation.ts';
import { DEFAULT_LIMITS, type Limits } from './time-limits.ts';

const PAUSES: BackOff = { first: 100, longest: 2_000 };

/** All throw LessorError. Undefined results only where the request did not want to be sent. */
export interface Calls {
  /** `next` makes the request for each time that it is sent; undefined where it does not want to go on. */
  allocate(next: () => AllocateRequest | undefined): Promise<AllocateResult | undefined>;
  release(request: ReleaseRequest): Promise<ReleaseResult | undefined>;
  /** Has the time of one attempt only: nobody waits for it. */
  giveBack(request: GiveBackRequest): Promise<GiveBackResult | undefined>;
  report(request: ReportRequest): Promise<ReportResult | undefined>;
  batch(request: BatchRequest): Promise<BatchResult | undefined>;
  ownLeases(cursor?: string): Promise<OwnLeasesResult | undefined>;
  check(request: CheckRequest): Promise<CheckResult | undefined>;
  readiness(request: ReadinessRequest): Promise<ReadinessResult | undefined>;
  heartbeat(request: HeartbeatRequest): Promise<HeartbeatResult | undefined>;
  goodbye(request: GoodbyeRequest): Promise<GoodbyeResult | undefined>;
}

export interface Api extends Calls {
  /** The same calls with the time of one attempt, for whoever can do without an answer. */
  readonly brief: Calls;
  /** For how long a call goes on asking where nobody answers, in milliseconds. */
  readonly patienceMs: number;
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
type AttemptOutcome<T> = { readonly result: T } | (Refused & { readonly withCached?: boolean });

interface Route<T> {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly shape: Shape<T>;
}

const soundAllocation: Shape<AllocateResult> = (value) => {
  const read = allocateResult(value);
  return read === MISMATCH || !isSound(read) ? MISMATCH : read;
};
const routes = {
  allocate: { ...paths.allocate, shape: soundAllocation },
  release: { ...paths.release, shape: releaseResult },
  giveBack: { ...paths.giveBack, shape: giveBackResult },
  report: { ...paths.report, shape: reportResult },
  batch: { ...paths.batch, shape: batchResult },
  check: { ...paths.check, shape: checkResult },
  readiness: { ...paths.readiness, shape: readinessResult },
  heartbeat: { ...paths.heartbeat, shape: heartbeatResult },
  goodbye: { ...paths.goodbye, shape: goodbyeResult },
} satisfies Record<string, Route<unknown>>;
const ownLeases = (cursor: string | undefined): Route<OwnLeasesResult> => {
  const { method, path } = paths.ownLeases;
  const query = cursor === undefined ? '' : `?cursor=${encodeURIComponent(cursor)}`;
  return { method, path: `${path}${query}`, shape: ownLeasesResult };
};

export function apiClient(access: ApiAccess): Api {
  const { attempt, total } = access.limits ?? DEFAULT_LIMITS;
  const once = { ...access, limits: { attempt, total: attempt } };
  return { ...callsOf(access, once), brief: callsOf(once, once), patienceMs: total };
}

const callsOf = (access: ApiAccess, once: ApiAccess): Calls => ({
  allocate: (next) => call(access, routes.allocate, next),
  release: (request) => call(access, routes.release, () => request),
  giveBack: (request) => call(once, routes.giveBack, () => request),
  report: (request) => call(access, routes.report, () => request),
  batch: (request) => call(access, routes.batch, () => request),
  ownLeases: (cursor) => call(access, ownLeases(cursor), () => ({})),
  check: (request) => call(access, routes.check, () => request),
  readiness: (request) => call(access, routes.readiness, () => request),
  heartbeat: (request) => call(access, routes.heartbeat, () => request),
  goodbye: (request) => call(access, routes.goodbye, () => request),
});

async function call<T>(access: ApiAccess, route: Route<T>, next: () => unknown): Promise<T | undefined> {
  const { surroundings, limits = DEFAULT_LIMITS } = access;
  const deadline = surroundings.now() + limits.total;
  let fresh = false;
  for (let repeats = 0; ; repeats++) {
    const patience = () => Math.max(1, Math.ceil(Math.min(limits.attempt, deadline - surroundings.now())));
    const outcome: AttemptOutcome<T | undefined> = await attempt(access, route, { next, fresh, patience });
    if ('result' in outcome) return outcome.result;
    // Cached credentials may have been withdrawn before their end: fresh ones are worth one more request, at once.
    const renew: boolean = outcome.withCached === true && !fresh;
    const pause = renew ? 0 : surroundings.random() * pauseOf(PAUSES, repeats);
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
  { method, path, shape }: Route<T>,
  { next, fresh, patience }: Attempt,
): Promise<AttemptOutcome<T | undefined>> {
  const url = new URL(`${endpoint.pathname.replace(/\/+$/, '')}${path}`, endpoint);
  const supplied = await outcomeOf(credentials.get({ fresh }));
  if (supplied.kind !== 'granted') return { error: supplied.error, again: false };
  const { credentials: keys, cached } = supplied.answer;
  const at = new Date(surroundings.now());
  const request = next();
  if (request === undefined) return { result: undefined };
  const body = method === 'GET' ? '' : JSON.stringify(request);
  const version = { [CONTRACT_HEADER]: contractText(CONTRACT) };
  const type: Record<string, string> = method === 'GET' ? version : { ...version, 'content-type': 'application/json' };
  const headers = await sign(
    { method, url, headers: type, body },
    { credentials: keys, region, service: 'execute-api', at },
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
    return { ...refused, withCached: cached && refused.error.code === 'auth.denied' };
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
