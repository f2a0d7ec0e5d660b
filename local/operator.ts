/** Asks the API as an operator: signed requests, answers parsed by the contract. */
import { Sha256 } from '@aws-crypto/sha256-js';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import * as z from 'zod/mini';
import { isProblemCode, LessorError } from '../core/contract/problems.ts';
import { type RouteName, routes } from '../core/contract/routes.ts';

export interface Caller {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export class Operator {
  readonly #endpoint: URL;
  readonly #signer: SignatureV4;

  constructor(endpoint: string, region: string, { accessKeyId, secretAccessKey, sessionToken }: Caller) {
    this.#endpoint = new URL(endpoint);
    const credentials = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
    this.#signer = new SignatureV4({ service: 'execute-api', region, credentials, sha256: Sha256 });
  }

  /** @throws LessorError with the problem's code */
  async ask<Name extends RouteName>(
    name: Name,
    {
      path = {},
      query = {},
      body,
    }: { path?: Record<string, string>; query?: Record<string, string>; body?: unknown } = {},
  ): Promise<z.output<(typeof routes)[Name]['result']>> {
    const route = routes[name];
    const { hostname, port, host, protocol } = this.#endpoint;
    const text = body === undefined ? undefined : JSON.stringify(body);
    const request = await this.#signer.sign(
      new HttpRequest({
        method: route.method,
        protocol,
        hostname,
        port: Number(port),
        path: route.path.replace(/\{(\w+)\}/g, (_, parameter: string) => encodeURIComponent(path[parameter] ?? '')),
        query,
        headers: { host, ...(text === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(text === undefined ? {} : { body: text }),
      }),
    );
    const search = new URLSearchParams(query).toString();
    const url = new URL(`${request.path}${search && `?${search}`}`, this.#endpoint);
    const { host: _, ...headers } = request.headers;
    const answer = await fetch(url, { method: route.method, headers, ...(text === undefined ? {} : { body: text }) });
    const read = await answer.json();
    if (answer.ok) return z.parse(route.result as z.core.$ZodType, read) as z.output<(typeof routes)[Name]['result']>;
    throw refusal(answer.status, read);
  }
}

function refusal(status: number, body: unknown): LessorError {
  const { code, detail, message } = (body ?? {}) as Record<string, unknown>;
  if (isProblemCode(code)) return new LessorError(code, String(detail));
  const guess = status === 403 ? 'auth.denied' : status === 404 ? 'route.unknown' : 'service.unavailable';
  return new LessorError(guess, `the API answered ${status} ${String(message)}`);
}
