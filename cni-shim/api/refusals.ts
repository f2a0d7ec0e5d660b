/** What an answer of the API says: a result, or a refusal and whether the same request can help. */
import { isProblemCode, LessorError, problems } from '../../core/contract/problems.ts';
import { parseJson } from '../machine/json.ts';
import { refusal } from '../machine/refusal.ts';

export interface Refused {
  readonly error: LessorError;
  /** Whether the same request may succeed within this very call. */
  readonly again: boolean;
}

/** More than this is refused by AWS, which allows five minutes. */
const CLOCK_TOLERANCE_MS = 4 * 60_000;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Milliseconds since 1970 by the node's clock. */
  readonly receivedAt: number;
  readonly endpoint: string;
}

/** `<pool>:<block>:<generation>`: it goes into the next request, which the API would refuse for what is none. */
const isFormer = (text: unknown): text is string =>
  typeof text === 'string' && /^[0-9a-f]{16}:(0|[1-9a-f][0-9a-f]{0,31}):[1-9]\d{0,14}$/.test(text);

/** What an answer other than 200 means. */
export function refusedBy(answer: Answer): Refused {
  const body = parseJson(answer.text);
  const problem = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const { code, requestId } = problem;
  if (isProblemCode(code)) {
    const facts = {
      ...(typeof requestId === 'string' ? { requestId } : {}),
      ...(problem.affinity === 'node' ? { affinity: 'node' } : {}),
      ...(Array.isArray(problem.former) ? { former: problem.former.filter(isFormer) } : {}),
    };
    const { what, remedy } = textsOf(problem) ?? { what: problems[code].title, remedy: 'the service says no more' };
    const error = new LessorError(code, what, { ...(remedy === undefined ? {} : { remedy }), facts });
    return { error, again: error.kind.retry && error.kind.waits !== true };
  }
  return withoutProblem(answer);
}

/** The same of one item of a batch. */
export function errorOf(problem: {
  readonly code: string;
  readonly detail: string;
  readonly remedy?: string | undefined;
}): LessorError {
  const code = isProblemCode(problem.code) ? problem.code : 'service.fault';
  const { what, remedy } = textsOf(problem) ?? { what: problems[code].title };
  return new LessorError(code, what, remedy === undefined ? {} : { remedy });
}

/** What is wrong and what to do about it, apart where the service knows them apart. */
export function textsOf({
  detail,
  remedy,
}: {
  readonly detail?: unknown;
  readonly remedy?: unknown;
}): { readonly what: string; readonly remedy?: string } | undefined {
  if (typeof detail !== 'string' || detail.trim() === '') return undefined;
  if (typeof remedy !== 'string' || !detail.endsWith(`: ${remedy}`)) return { what: detail };
  return { what: detail.slice(0, -`: ${remedy}`.length), remedy };
}

/** API Gateway's own refusals. Their text is not passed on: a signature error quotes the request with its session token. */
function withoutProblem({ status, headers, receivedAt, endpoint }: Answer): Refused {
  const id = headers.get('apigw-requestid') ?? headers.get('x-amzn-requestid');
  const answered = `${endpoint} answered ${status}${id === null ? '' : ` (request ${id})`}`;
  const final = (code: Parameters<typeof refusal>[0], remedy: string): Refused => ({
    error: refusal(code, answered, remedy),
    again: problems[code].retry,
  });
  // A REST API misses the signature, which every request has, where it does not serve the path.
  if (status === 404 || (status === 403 && errorType(headers) === 'MissingAuthenticationTokenException'))
    return final('route.unknown', "check the path of endpoint: is it the Lessor API's, with its stage?");
  if (status === 401 || status === 403) return final('auth.denied', deniedRemedy(headers, receivedAt));
  if (status === 429) return final('service.busy', 'the API throttles its callers: repeat later, or raise its limits');
  if (status === 408 || status >= 500)
    return final('service.unavailable', 'repeat later; if it stays so, look into the logs of the service');
  if (status >= 300 && status < 400)
    return final('node.configuration', `it redirects to ${headers.get('location')}: write the final URL as endpoint`);
  return final('request.invalid', 'is endpoint the Lessor API, in a version that fits this plugin?');
}

/** As a REST API says it, with the namespace of the service or without. */
const errorType = (headers: Headers): string | undefined => headers.get('x-amzn-errortype')?.split(':')[0];

function deniedRemedy(headers: Headers, receivedAt: number): string {
  // Before it looks at a signature: the host names no API of this VPC endpoint, or the API has no such stage.
  if (errorType(headers) === 'ForbiddenException' && !headers.has('apigw-requestid'))
    return 'check host and stage of endpoint (https://<api>-<VPC endpoint>.execute-api.<region>.amazonaws.com/<stage>), and that the API admits this VPC endpoint';
  const skew = receivedAt - Date.parse(headers.get('date') ?? '');
  if (Math.abs(skew) > CLOCK_TOLERANCE_MS)
    return `the node's clock is ${Math.round(Math.abs(skew) / 60_000)} minutes ${skew > 0 ? 'ahead' : 'behind'}: set it`;
  return "give the node's role the node policy of the Lessor stack; check region and credentials in the node configuration";
}
