/** What the page may ask: the operator's routes of the contract, and no other. */
import * as z from 'zod/mini';
import { most } from '../../core/contract/limits.ts';
import { isProblemCode, LessorError, type ProblemBody, problemBody } from '../../core/contract/problems.ts';
import { routes } from '../../core/contract/routes.ts';
import type { ListRoute, OperatorRoute, Service, ServiceQuestion } from '../../lessorctl/api/service.ts';

export interface PageReply {
  readonly status: number;
  readonly body: { readonly result: unknown; readonly etag?: string | undefined } | ProblemBody;
}

const text = z.string().check(z.maxLength(most.label));
/** A path of dots would be another path. */
const pathValue = text.check(z.regex(/[^.]/, 'must be more than dots'));

const question = z.strictObject({
  path: z.optional(z.record(text, pathValue)),
  query: z.optional(z.record(text, text)),
  body: z.optional(z.unknown()),
  ifMatch: z.optional(text),
});

export const isOperatorRoute = (name: string): name is OperatorRoute =>
  Object.hasOwn(routes, name) && routes[name as keyof typeof routes].caller === 'operator';

/** @param json the question, as the page writes it. Never throws */
export async function replyTo(service: Service, name: OperatorRoute, json: string): Promise<PageReply> {
  try {
    const { etag, result } = await service.send(name, questionIn(name, json));
    return { status: 200, body: { result, etag } };
  } catch (error) {
    return refusal(error);
  }
}

/** All pages of a list, one after the other, and a refusal as the last one. Never throws */
export async function* repliesTo(service: Service, name: OperatorRoute, json: string): AsyncGenerator<PageReply> {
  try {
    // What has no further page is a list of one page.
    const pages = service.pages(name as ListRoute, questionIn(name, json) as ServiceQuestion<ListRoute>);
    for await (const result of pages) yield { status: 200, body: { result } };
  } catch (error) {
    yield refusal(error);
  }
}

/** @throws LessorError request.invalid, SyntaxError */
function questionIn(name: OperatorRoute, json: string): ServiceQuestion<OperatorRoute> {
  const read = z.safeParse(question, JSON.parse(json));
  if (!read.success)
    throw new LessorError('request.invalid', `the question ${name} is none (${read.error.issues[0]?.message})`);
  return read.data as ServiceQuestion<OperatorRoute>;
}

function refusal(error: unknown): PageReply {
  if (error instanceof SyntaxError) return refusal(new LessorError('request.malformed', 'the question is no JSON'));
  const known =
    error instanceof LessorError && isProblemCode(error.code)
      ? error
      : new LessorError('service.fault', 'the console has a fault', { cause: error });
  const { requestId } = known.facts;
  const body = problemBody(known, requestId === undefined ? undefined : String(requestId));
  return { status: known.kind.status ?? 502, body };
}
