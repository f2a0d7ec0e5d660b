/** What an answer that is no success means, and whether the same request can help. */
import { isProblemCode, LessorError, type ProblemCode, problems } from '../../core/contract/problems.ts';

export interface Denial {
  readonly error: LessorError;
  readonly again: boolean;
}

/** More than this is refused by AWS, which allows five minutes. */
const CLOCK_TOLERANCE_MS = 4 * 60_000;

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Read from JSON; undefined where it is none. */
  readonly body: unknown;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
}

export function refusedBy(answer: Answer, endpoint: string): Denial {
  const { code, detail, remedy, requestId } = (answer.body ?? {}) as Record<string, unknown>;
  if (!isProblemCode(code) || typeof detail !== 'string') return withoutProblem(answer, endpoint);
  const apart = typeof remedy === 'string' && detail.endsWith(`: ${remedy}`);
  const what = apart ? detail.slice(0, -`: ${remedy}`.length) : detail;
  const facts = typeof requestId === 'string' ? { requestId } : {};
  const error = new LessorError(code, what, { facts, ...(apart ? { remedy } : {}) });
  return { error, again: error.kind.retry && error.kind.waits !== true };
}

/** API Gateway's own. Its text is not passed on: that of a signature error quotes the request with its session token. */
function withoutProblem({ status, headers, receivedAt }: Answer, endpoint: string): Denial {
  const id = headers.get('apigw-requestid') ?? headers.get('x-amzn-requestid');
  const what = `${endpoint} answered ${status}${id === null ? '' : ` (request ${id})`}`;
  const refused = (code: ProblemCode, remedy: string): Denial => ({
    error: new LessorError(code, what, { remedy }),
    again: problems[code].retry,
  });
  const type = headers.get('x-amzn-errortype')?.split(':')[0];
  if (status === 404 || (status === 403 && type === 'MissingAuthenticationTokenException'))
    return refused(
      'route.unknown',
      "check the endpoint: is it the Lessor API's, with its stage, and as new as lessorctl?",
    );
  if (status === 401 || status === 403) return refused('auth.denied', deniedRemedy(headers, receivedAt));
  if (status === 429)
    return refused('service.busy', 'the API throttles its callers: repeat later, or raise its limits');
  if (status === 408 || status >= 500)
    return refused('service.unavailable', 'repeat later; if it stays so, look into the logs of the service');
  if (status >= 300 && status < 400)
    return refused('request.invalid', `it redirects to ${headers.get('location')}: give that as endpoint`);
  return refused('request.invalid', 'check the endpoint: is it the Lessor API?');
}

function deniedRemedy(headers: Headers, receivedAt: number): string {
  const skew = receivedAt - Date.parse(headers.get('date') ?? '');
  if (Math.abs(skew) > CLOCK_TOLERANCE_MS)
    return `this machine's clock is ${Math.round(Math.abs(skew) / 60_000)} minutes ${skew > 0 ? 'ahead' : 'behind'}: set it`;
  return 'sign as somebody who has the operator policy (OperatorPolicyArn of the stack); check --profile and --region';
}
