/**
 * Every way in which Lessor says no: one table from a code to its HTTP status (RFC 9457 problem), its CNI error code
 * (CNI specification, section 5: 0-99 are the specification's, ours start at 100), a command's exit code, and
 * whether the same request may succeed later.
 */
interface ProblemKind {
  /** Short, the same for each occurrence: RFC 9457 `title`. */
  readonly title: string;
  /** HTTP status code; codes that only arise on a node have none. */
  readonly status?: number;
  /** CNI error code that the plugin prints. */
  readonly cni: number;
  /** Exit code of a command: 10-19 authorization, 20-29 input, 30-49 state and service. */
  readonly exit: number;
  /** True where repeating the identical request can help. */
  readonly retry: boolean;
  /** It helps only after longer than a request may take: an address has to come back first. */
  readonly waits?: true;
  /** Nobody decided: the service was not reached, or could not say. */
  readonly unanswered?: true;
  /** It is about one pool, which has no address to give: another pool may have one. */
  readonly full?: true;
  /** It is about one lease: the next request may fare better. */
  readonly ofOneLease?: true;
}

export const problems = {
  'request.malformed': { title: 'The request is not JSON', status: 400, cni: 7, exit: 20, retry: false },
  'request.invalid': {
    title: 'The request does not fit the contract',
    status: 422,
    cni: 7,
    exit: 21,
    retry: false,
    ofOneLease: true,
  },
  'request.too-large': {
    title: 'The request is larger than the contract allows',
    status: 413,
    cni: 7,
    exit: 47,
    retry: false,
    ofOneLease: true,
  },
  'contract.version': {
    title: 'Caller and service speak different versions',
    status: 400,
    cni: 7,
    exit: 45,
    retry: false,
  },
  'route.unknown': { title: 'There is no such route', status: 404, cni: 7, exit: 22, retry: false },
  'auth.denied': { title: 'The caller may not do this', status: 403, cni: 103, exit: 11, retry: false },
  'pool.unknown': { title: 'There is no such pool', status: 404, cni: 7, exit: 23, retry: false },
  'pool.conflict': { title: 'The pool exists with other ranges', status: 409, cni: 7, exit: 24, retry: false },
  'pool.overlap': { title: 'The ranges overlap another pool', status: 409, cni: 7, exit: 25, retry: false },
  'pool.draining': { title: 'The pool gives no new lease', status: 409, cni: 104, exit: 36, retry: false },
  'pool.held': { title: 'Addresses of the pool are in use', status: 409, cni: 7, exit: 37, retry: false },
  'pool.changed': { title: 'The pool has changed meanwhile', status: 412, cni: 7, exit: 38, retry: false },
  'pool.fixed': { title: 'That of a pool cannot be edited', status: 409, cni: 7, exit: 28, retry: false },
  'vrf.full': { title: 'The VRF cannot hold more pools', status: 409, cni: 7, exit: 39, retry: false },
  'pool.inline-forbidden': { title: 'Nodes may not create pools here', status: 403, cni: 7, exit: 12, retry: false },
  'pool.forbidden': { title: 'The pool is kept to other clusters', status: 403, cni: 7, exit: 13, retry: false },
  'pool.unmatched': { title: 'No pool fits', status: 409, cni: 7, exit: 40, retry: false },
  'pool.exhausted': {
    title: 'The pool has no free address',
    status: 409,
    cni: 101,
    exit: 31,
    retry: false,
    full: true,
  },
  'pool.cooling': {
    title: 'Only cooling addresses are left',
    status: 409,
    cni: 11,
    exit: 32,
    retry: true,
    waits: true,
    full: true,
  },
  'address.held': {
    title: 'The address is held',
    status: 409,
    cni: 11,
    exit: 41,
    retry: true,
    waits: true,
    ofOneLease: true,
  },
  'address.cooling': {
    title: 'The address is cooling',
    status: 409,
    cni: 11,
    exit: 42,
    retry: true,
    waits: true,
    ofOneLease: true,
  },
  'identity.held': {
    title: "The identity's address is held",
    status: 409,
    cni: 11,
    exit: 49,
    retry: true,
    waits: true,
    ofOneLease: true,
  },
  'identity.unkept': {
    title: 'The pool keeps no address for an identity',
    status: 422,
    cni: 7,
    exit: 29,
    retry: false,
  },
  'address.unknown': { title: 'The pool cannot hand out this address', status: 422, cni: 7, exit: 29, retry: false },
  'pool.quota': { title: 'The quota of the namespace is used up', status: 409, cni: 102, exit: 43, retry: false },
  'lease.lost': {
    title: "The address is not this node's any more",
    status: 409,
    cni: 105,
    exit: 44,
    retry: false,
    ofOneLease: true,
  },
  'node.unknown': { title: 'There is no such node', status: 404, cni: 7, exit: 26, retry: false },
  'node.alive': { title: 'The node was heard of lately', status: 409, cni: 7, exit: 48, retry: false },
  'service.busy': {
    title: 'Too many callers changed the same thing at once',
    status: 503,
    cni: 11,
    exit: 33,
    retry: true,
    unanswered: true,
  },
  'service.unavailable': {
    title: 'The service cannot be reached',
    status: 503,
    cni: 11,
    exit: 30,
    retry: true,
    unanswered: true,
  },
  // Not an outage: the same request fails again, and a node does not go on by itself where the service has a fault.
  'service.fault': { title: 'The service failed', status: 500, cni: 11, exit: 34, retry: false },
  'cni.version': { title: 'The CNI version is not supported', cni: 1, exit: 27, retry: false },
  'cni.environment': { title: 'A CNI environment variable is missing or wrong', cni: 4, exit: 27, retry: false },
  'cni.undecodable': { title: 'The input is not JSON', cni: 6, exit: 20, retry: false },
  'cni.configuration': { title: 'The network configuration is wrong', cni: 7, exit: 21, retry: false },
  'node.configuration': { title: "The node's Lessor configuration is wrong", cni: 7, exit: 21, retry: false },
  'node.credentials': { title: 'The node has no usable AWS credentials', cni: 103, exit: 10, retry: true },
  'node.leaving': { title: 'The node is leaving', cni: 11, exit: 46, retry: true },
  'node.storage': { title: "The node's state cannot be read or written", cni: 5, exit: 35, retry: true },
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof problems;

/** Facts of one occurrence, machine-readable; they become members of the problem object. */
export type ProblemFacts = Readonly<Record<string, string | number | boolean | readonly string[]>>;

export interface ProblemOptions {
  /** What to do about it. */
  readonly remedy?: string;
  readonly facts?: ProblemFacts;
  readonly cause?: unknown;
}

/** The one error type. `what` names the field and the value; the message is both, `<what>: <remedy>`. */
export class LessorError extends Error {
  override readonly name = 'LessorError';
  readonly code: ProblemCode;
  readonly what: string;
  readonly remedy: string | undefined;
  readonly facts: ProblemFacts;

  constructor(code: ProblemCode, what: string, { remedy, facts = {}, cause }: ProblemOptions = {}) {
    super(remedy === undefined ? what : `${what}: ${remedy}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.what = what;
    this.remedy = remedy;
    this.facts = facts;
  }

  get kind(): ProblemKind {
    return problems[this.code];
  }
}

/** Whether the service did not decide: it may be reached later. */
export const isUnanswered = (error: unknown): error is LessorError =>
  error instanceof LessorError && error.kind.unanswered === true;

/** The body of an `application/problem+json` answer (RFC 9457) with Lessor's members. */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** What is wrong, and the remedy. */
  readonly detail: string;
  /** The same by itself, where one is known. */
  readonly remedy?: string;
  readonly code: ProblemCode;
  readonly retryable: boolean;
  readonly requestId?: string;
  readonly [fact: string]: unknown;
}

export function problemBody(error: LessorError, requestId?: string): ProblemBody {
  const { title, status = 500, retry } = error.kind;
  return {
    ...error.facts,
    type: `urn:lessor:problem:${error.code}`,
    title,
    status,
    detail: error.message,
    ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
    code: error.code,
    retryable: retry,
    ...(requestId === undefined ? {} : { requestId }),
  };
}

export function isProblemCode(code: unknown): code is ProblemCode {
  return typeof code === 'string' && Object.hasOwn(problems, code);
}
