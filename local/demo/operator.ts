/** Asks the API as an operator: signed requests, answers parsed by the contract. */
import { Sha256 } from '@aws-crypto/sha256-js';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import * as z from 'zod/mini';
import type { RouteName } from '../../core/contract/paths.ts';
import { isProblemCode, LessorError } from '../../core/contract/problems.ts';
import { routes } from '../../core/contract/routes.ts';

export interface Caller {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface Question {
  readonly path?: Record<string, string>;
  readonly query?: Record<string, string>;
  /** The ETag of what is to be changed. */
  readonly ifMatch?: string | undefined;
  readonly body?: unknown;
}

type Result<Name extends RouteName> = z.output<(typeof routes)[Name]['result']>;

export interface ApiAnswer<Name extends RouteName> {
  readonly status: number;
  readonly etag: string | undefined;
  readonly result: Result<Name>;
}

export interface Operator {
  /** @throws LessorError with the problem's code */
  ask<Name extends RouteName>(name: Name, question?: Question): Promise<Result<Name>>;
  /** @throws LessorError with the problem's code */
  send<Name extends RouteName>(name: Name, question?: Question): Promise<ApiAnswer<Name>>;
}

export function operatorClient(
  endpoint: string,
  region: string,
  { accessKeyId, secretAccessKey, sessionToken }: Caller,
): Operator {
  const api = new URL(endpoint);
  const stage = api.pathname.replace(/\/+$/, '');
  const credentials = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  const signer = new SignatureV4({ service: 'execute-api', region, credentials, sha256: Sha256 });

  const send = async <Name extends RouteName>(
    name: Name,
    { path = {}, query = {}, ifMatch, body }: Question = {},
  ): Promise<ApiAnswer<Name>> => {
    const route = routes[name];
    const { hostname, port, host, protocol } = api;
    const named = route.path.replace(/\{(\w+)\}/g, (_, parameter: string) => encodeURIComponent(path[parameter] ?? ''));
    const text = body === undefined ? undefined : JSON.stringify(body);
    const request = await signer.sign(
      new HttpRequest({
        method: route.method,
        protocol,
        hostname,
        port: Number(port),
        path: `${stage}${named}`,
        query,
        headers: {
          host,
          ...(text === undefined ? {} : { 'content-type': 'application/json' }),
          ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
        },
        ...(text === undefined ? {} : { body: text }),
      }),
    );
    const search = new URLSearchParams(query).toString();
    const url = new URL(`${request.path}${search && `?${search}`}`, api);
    const { host: _, ...headers } = request.headers;
    const answer = await fetch(url, { method: route.method, headers, ...(text === undefined ? {} : { body: text }) });
    const read = await answer.json();
    if (!answer.ok) throw refusal(answer.status, read);
    const result = z.parse(route.result as z.core.$ZodType, read) as Result<Name>;
    return { status: answer.status, etag: answer.headers.get('etag') ?? undefined, result };
  };
  return { send, ask: async (name, question) => (await send(name, question)).result };
}

function refusal(status: number, body: unknown): LessorError {
  const { code, detail, message } = (body ?? {}) as Record<string, unknown>;
  if (isProblemCode(code)) return new LessorError(code, String(detail));
  const guess = status === 403 ? 'auth.denied' : status === 404 ? 'route.unknown' : 'service.unavailable';
  return new LessorError(guess, `the API answered ${status} ${String(message)}`);
}
