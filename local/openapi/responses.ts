/** What each operation may refuse, by status: its problems, and what API Gateway answers before or instead of a function. */
import type { RouteName } from '../../core/contract/paths.ts';
import { type ProblemCode, problems } from '../../core/contract/problems.ts';
import { refusals } from '../../core/contract/refusals.ts';
import { CONTRACT, CONTRACT_HEADER, contractText } from '../../core/contract/version.ts';
import { type Json, referenceTo } from './components.ts';

export const JSON_MEDIA = 'application/json';
const PROBLEM_MEDIA = 'application/problem+json';

/** An answer of API Gateway's own. It has no problem in it and no version. */
interface GatewayAnswer {
  readonly message: string;
  readonly why: string;
}

const ofBody = 413;

const gateway: Readonly<Record<number, GatewayAnswer>> = {
  403: {
    message: 'Forbidden',
    why: 'the signature is missing, wrong or older than five minutes, or no policy of the caller allows the route',
  },
  404: { message: 'Not Found', why: 'the API has no such route' },
  [ofBody]: { message: 'Request Entity Too Large', why: 'the body is larger than 10 MiB' },
  431: {
    message: 'Request Header Fields Too Large',
    why: 'request line and headers together are longer than 10,240 bytes',
  },
  429: { message: 'Too Many Requests', why: 'the throttle of the stage: wait, and repeat the request' },
  500: { message: 'Internal Server Error', why: 'the function crashed: the same request may be repeated' },
  503: { message: 'Service Unavailable', why: 'the function did not answer in time: the same request may be repeated' },
};

const statusOf = (code: ProblemCode): number => {
  const kind = problems[code];
  return 'status' in kind ? kind.status : 500;
};

/** Every answer of a route that is no success. */
export function refusedResponses(route: RouteName, hasBody: boolean): Record<string, Json> {
  const codes = new Map<number, ProblemCode[]>();
  for (const code of refusals[route]) codes.set(statusOf(code), [...(codes.get(statusOf(code)) ?? []), code]);
  const ofGateway = Object.keys(gateway)
    .map(Number)
    .filter((status) => hasBody || status !== ofBody);
  const statuses = [...new Set([...codes.keys(), ...ofGateway])].sort((a, b) => a - b);
  return Object.fromEntries(statuses.map((status) => [String(status), refused(status, codes.get(status) ?? [])]));
}

function refused(status: number, codes: readonly ProblemCode[]): Json {
  const own = gateway[status];
  if (codes.length === 0) return { $ref: `#/components/responses/Gateway${status}` };
  const lines = codes.map((code) => `- \`${code}\`: ${problems[code].title}`);
  const retry = codes.some((code) => problems[code].retry);
  return {
    description: [...lines, ...(own ? [`- ${gatewayText(own)}`] : [])].join('\n'),
    headers: {
      [CONTRACT_HEADER]: headerReference(own ? 'ContractVersionOfFunction' : 'ContractVersion'),
      ...(retry ? { 'Retry-After': headerReference('RetryAfter') } : {}),
    },
    content: {
      [PROBLEM_MEDIA]: { schema: referenceTo(own ? 'Refusal' : 'Problem') },
      ...(own ? gatewayContent(own) : {}),
    },
  };
}

const gatewayText = ({ message, why }: GatewayAnswer): string => `API Gateway's \`{"message": "${message}"}\`: ${why}`;

const gatewayContent = ({ message }: GatewayAnswer): Json => ({
  [JSON_MEDIA]: { schema: referenceTo('GatewayMessage'), example: { message } },
});

const headerReference = (name: string): Json => ({ $ref: `#/components/headers/${name}` });

export const contractHeader: Json = { [CONTRACT_HEADER]: headerReference('ContractVersion') };
export const etagHeader: Json = { ETag: headerReference('ETag') };

/** Answers of API Gateway at statuses that some route has no problem for. Whatever takes a body may find it too large itself. */
export const gatewayResponses = (): Json =>
  Object.fromEntries(
    Object.entries(gateway)
      .filter(([status]) => Number(status) !== ofBody && !Object.values(refusals).every(includes(Number(status))))
      .map(([status, own]) => [`Gateway${status}`, { description: gatewayText(own), content: gatewayContent(own) }]),
  );

const includes = (status: number) => (codes: readonly ProblemCode[]) => codes.some((code) => statusOf(code) === status);

export const contractVersion = {
  type: 'string',
  pattern: '^\\d{1,4}\\.\\d{1,4}$',
  examples: [contractText(CONTRACT)],
};

export const headers: Readonly<Record<string, Json>> = {
  ContractVersion: {
    required: true,
    description: 'The version of the contract that the service speaks',
    schema: contractVersion,
  },
  ContractVersionOfFunction: {
    required: false,
    description: "The version of the contract that the service speaks; API Gateway's own answers do not have it",
    schema: contractVersion,
  },
  RetryAfter: {
    required: false,
    description: 'Seconds after which the same request may be repeated. Only where the problem is `retryable`',
    schema: { type: 'string', pattern: '^\\d{1,5}$', examples: ['1'] },
  },
  ETag: {
    required: false,
    description: "The pool's version in quotation marks, for `If-Match`. Absent after a dry run",
    schema: { type: 'string', pattern: '^"\\d+"$', examples: ['"3"'] },
  },
};

/** RFC 9457 with Lessor's members. Open in every way: facts of an occurrence are further members, and codes are added. */
export const answerSchemas: Readonly<Record<string, Json>> = {
  GatewayMessage: {
    description: 'What API Gateway answers by itself',
    type: 'object',
    required: ['message'],
    properties: { message: { type: 'string', description: 'What HTTP calls the status' } },
  },
  Refusal: {
    description:
      'A problem, or what API Gateway answers by itself. The media type tells which; clients that read one schema for each status read both',
    anyOf: [referenceTo('Problem'), referenceTo('GatewayMessage')],
  },
  Problem: {
    description:
      'Why a request was refused (RFC 9457). Further members are facts of the occurrence. A minor version may add codes: go by `status` and `retryable` where you do not know one',
    type: 'object',
    required: ['type', 'title', 'status', 'detail', 'code', 'retryable'],
    additionalProperties: true,
    properties: {
      type: { type: 'string', format: 'uri', description: '`urn:lessor:problem:` and the code' },
      title: { type: 'string', description: 'What the code means, the same each time' },
      status: { type: 'integer', description: 'The HTTP status of the answer' },
      detail: { type: 'string', description: 'What is wrong this time: the field, the value and the remedy' },
      remedy: { type: 'string', description: 'What to do about it, as `detail` says it last' },
      code: { type: 'string', description: 'What programs go by. Each operation lists its codes, by status' },
      retryable: { type: 'boolean', description: 'Whether the identical request may succeed later' },
      requestId: {
        type: 'string',
        description: "API Gateway's id of the request, as in the header `apigw-requestid` and in the function's log",
      },
    },
    examples: [
      {
        type: 'urn:lessor:problem:pool.exhausted',
        title: problems['pool.exhausted'].title,
        status: 409,
        detail: 'Pool web in VRF default (10.20.0.0/16) is exhausted: delete pods, or add ranges to the pool',
        remedy: 'delete pods, or add ranges to the pool',
        code: 'pool.exhausted',
        retryable: false,
        requestId: '8d5a4c36-6f0d-4a8f-9a55-2f3f0b9c1d7e',
        pool: 'web',
        vrf: 'default',
      },
    ],
  },
};
