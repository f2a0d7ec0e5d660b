/** In what the two kinds of API differ: where a request's route is looked for, what a function is given, which words refuse. */
import type { IncomingMessage } from 'node:http';
import { answerOf, type EventContext, eventOf, type HttpAnswer, message } from './http-event.ts';
import { quotas } from './quotas.ts';
import { restAnswerOf, restEventOf, restFailure, restMessage } from './rest-event.ts';
import { decodedPath } from './route.ts';
import type { SignedRequest } from './signature.ts';

export type ApiKindName = 'http' | 'rest';

/** A refusal of API Gateway itself. */
type Refusal =
  | 'head'
  | 'throttled'
  | 'body'
  | 'stage'
  | 'route'
  | 'signature'
  | 'policy'
  | 'late'
  | 'payload'
  | 'failed';

export interface ApiKind {
  /**
   * The path by which a route is looked for, and which a function is told.
   * @param path as it stood in the request line
   * @returns undefined where it lies in no stage of the API
   */
  routePath(path: string, stage: string): string | undefined;
  /** Bytes of the request line and of the headers' values together. */
  readonly requestHead: number;
  readonly requestIdHeader: string;
  event(request: SignedRequest, incoming: IncomingMessage, context: EventContext): object;
  /** @param payload JSON of what the function returned */
  answer(payload: string): HttpAnswer;
  /** @param caller and resource: of a refusal by policy */
  refusal(what: Refusal, caller?: string, resource?: string): HttpAnswer;
}

const http: Record<Refusal, readonly [number, string]> = {
  head: [431, 'Request Header Fields Too Large'],
  throttled: [429, 'Too Many Requests'],
  body: [413, 'Request Entity Too Large'],
  stage: [404, 'Not Found'],
  route: [404, 'Not Found'],
  signature: [403, 'Forbidden'],
  policy: [403, 'Forbidden'],
  late: [503, 'Service Unavailable'],
  payload: [413, 'Request Entity Too Large'],
  failed: [500, 'Internal Server Error'],
};

/** API Gateway developer guide, "Gateway response types for API Gateway". */
const rest: Record<Exclude<Refusal, 'policy' | 'failed'>, readonly [number, string, string]> = {
  head: [431, 'Request Header Fields Too Large', 'BadRequestException'],
  throttled: [429, 'Too Many Requests', 'TooManyRequestsException'],
  body: [413, 'HTTP content length exceeded 10485760 bytes.', 'RequestTooLargeException'],
  stage: [403, 'Forbidden', 'ForbiddenException'],
  route: [403, 'Missing Authentication Token', 'MissingAuthenticationTokenException'],
  signature: [
    403,
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    'InvalidSignatureException',
  ],
  late: [504, 'Endpoint request timed out', 'InternalServerErrorException'],
  payload: [413, 'Request Too Long', 'RequestTooLargeException'],
};

export const apiKinds: Readonly<Record<ApiKindName, ApiKind>> = {
  http: {
    routePath: decodedPath,
    requestHead: quotas.requestHead.http,
    requestIdHeader: 'apigw-requestid',
    event: (request, _, context) => eventOf(request, context),
    answer: answerOf,
    refusal: (what) => message(...http[what]),
  },
  rest: {
    // It decodes nothing, and an encoded slash parts no segments.
    routePath: (path, stage) => (path.startsWith(`/${stage}/`) ? path.slice(stage.length + 1) : undefined),
    requestHead: quotas.requestHead.rest,
    requestIdHeader: 'x-amzn-requestid',
    event: (request, { rawHeaders }, context) => restEventOf(request, rawHeaders, context),
    answer: restAnswerOf,
    refusal: (what, caller = '', resource = '') => {
      if (what === 'failed') return restFailure();
      if (what !== 'policy') return restMessage(...rest[what]);
      const text = `User: ${caller} is not authorized to perform: execute-api:Invoke on resource: ${resource}`;
      return restMessage(403, text, 'AccessDeniedException', 'Message');
    },
  },
};
