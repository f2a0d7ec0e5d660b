/**
 * The service, as operators ask it: a method for each kind of question, made of the contract's table of routes. Requests are
 * signed, answers read by their schema, what may help is repeated, lists are read to their end.
 */
import { Sha256 } from '@aws-crypto/sha256-js';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import * as z from 'zod/mini';
import type { ParameterOf } from '../../core/contract/paths.ts';
import { LessorError } from '../../core/contract/problems.ts';
import { routes } from '../../core/contract/routes.ts';
import { CONTRACT, CONTRACT_HEADER, contractText, parseContract } from '../../core/contract/version.ts';
import type { Shell } from '../shell/shell.ts';
import type { KeySource } from './credentials.ts';
import { type Denial, refusedBy } from './refused.ts';

type Routes = typeof routes;
export type OperatorRoute = {
  [Name in keyof Routes]: Routes[Name]['caller'] extends 'operator' ? Name : never;
}[keyof Routes];
type Result<Name extends OperatorRoute> = z.output<Routes[Name]['result']>;
/** Those that have pages. */
export type ListRoute = {
  [Name in OperatorRoute]: Result<Name> extends { nextCursor?: string | undefined } ? Name : never;
}[OperatorRoute];

type Member<Name extends OperatorRoute, Key extends string> =
  Routes[Name] extends Record<Key, infer S extends z.core.$ZodType> ? z.input<S> : never;
type Query<Name extends OperatorRoute> = [Member<Name, 'query'>] extends [never]
  ? Record<string, never>
  : { readonly [K in keyof Member<Name, 'query'>]?: Member<Name, 'query'>[K] | undefined };

export interface ServiceQuestion<Name extends OperatorRoute> {
  readonly path?: Readonly<Record<ParameterOf<Routes[Name]['path']>, string>>;
  /** What is undefined is left out. */
  readonly query?: Query<Name>;
  readonly body?: Member<Name, 'request'>;
  /** The version that is meant, as `ETag` says it. */
  readonly ifMatch?: string | undefined;
}

export interface Answered<Name extends OperatorRoute> {
  readonly status: number;
  readonly etag: string | undefined;
  readonly result: Result<Name>;
}

/** All throw LessorError with the problem's code. */
export interface Service {
  ask<Name extends OperatorRoute>(name: Name, question?: ServiceQuestion<Name>): Promise<Result<Name>>;
  send<Name extends OperatorRoute>(name: Name, question?: ServiceQuestion<Name>): Promise<Answered<Name>>;
  /** Page by page, to the last one. */
  pages<Name extends ListRoute>(name: Name, question?: ServiceQuestion<Name>): AsyncGenerator<Result<Name>>;
}

export interface ServiceAccess {
  readonly endpoint: string;
  readonly region: string;
  readonly keys: KeySource;
  readonly shell: Pick<Shell, 'now' | 'sleep' | 'random'>;
  readonly patience?: AskingLimits;
  readonly fetch?: typeof globalThis.fetch;
}

/** Milliseconds for one attempt, and for all of them together. */
export interface AskingLimits {
  readonly attempt: number;
  readonly total: number;
}

/** API Gateway answers within 30 s. */
const PATIENCE: AskingLimits = { attempt: 31_000, total: 90_000 };
/** Milliseconds before the first repeat: twice as long each time, up to the second one. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [200, 5_000];

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly ifMatch: string | undefined;
  readonly text: string | undefined;
}

type Attempt = { readonly answer: Response; readonly body: unknown } | Denial;

export function serviceAt(access: ServiceAccess): Service {
  const { endpoint, region, keys, shell, patience = PATIENCE } = access;
  const signer = new SignatureV4({ service: 'execute-api', region, credentials: keys, sha256: Sha256 });

  async function send<Name extends OperatorRoute>(
    name: Name,
    question: ServiceQuestion<Name> = {},
  ): Promise<Answered<Name>> {
    const sent = requestOf(name, question);
    const deadline = shell.now() + patience.total;
    for (let repeats = 0; ; repeats++) {
      const outcome = await attempt(
        access,
        signer,
        sent,
        Math.max(1, Math.min(patience.attempt, deadline - shell.now())),
      );
      if ('answer' in outcome) return understood(name, outcome, endpoint);
      const pause = shell.random() * Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** repeats);
      if (!outcome.again || shell.now() + pause >= deadline) throw outcome.error;
      await shell.sleep(pause);
    }
  }

  return {
    send,
    ask: async (name, question) => (await send(name, question)).result,
    async *pages<Name extends ListRoute>(name: Name, question: ServiceQuestion<Name> = {}) {
      let cursor: string | undefined;
      do {
        const { result } = await send(name, {
          ...question,
          query: { ...question.query, cursor } as unknown as Query<Name>,
        });
        yield result;
        const { nextCursor } = result as { nextCursor?: string };
        if (nextCursor !== undefined && nextCursor === cursor)
          throw new LessorError('service.fault', `${endpoint} gives the cursor ${cursor} of ${name} again and again`);
        cursor = nextCursor;
      } while (cursor !== undefined);
    },
  };
}

/** @param within milliseconds */
async function attempt(access: ServiceAccess, signer: SignatureV4, sent: Sent, within: number): Promise<Attempt> {
  const { endpoint, shell } = access;
  const { url, headers } = await signed(signer, endpoint, sent);
  const { method, text } = sent;
  let answer: Response;
  let read: string;
  try {
    const signal = AbortSignal.timeout(within);
    const init = {
      method,
      headers,
      signal,
      redirect: 'manual' as const,
      ...(text === undefined ? {} : { body: text }),
    };
    answer = await (access.fetch ?? globalThis.fetch)(url, init);
    read = await answer.text();
  } catch (cause) {
    return { error: unreachable(endpoint, cause, within), again: true };
  }
  const theirs = parseContract(answer.headers.get(CONTRACT_HEADER) ?? '');
  if (theirs !== undefined && theirs.major !== CONTRACT.major)
    return { error: otherMajor(endpoint, theirs), again: false };
  const body = jsonOf(read);
  if (answer.ok) return { answer, body };
  return refusedBy({ status: answer.status, headers: answer.headers, body, receivedAt: shell.now() }, endpoint);
}

function requestOf<Name extends OperatorRoute>(
  name: Name,
  { path, query = {} as Query<Name>, body, ifMatch }: ServiceQuestion<Name>,
): Sent {
  const route = routes[name];
  const given: Readonly<Record<string, string>> = path ?? {};
  return {
    method: route.method,
    path: route.path.replace(/\{(\w+)\}/g, (_, parameter: string) => pathPart(parameter, given[parameter])),
    query: Object.fromEntries(
      Object.entries(query).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]])),
    ),
    ifMatch,
    text: body === undefined ? undefined : JSON.stringify(body),
  };
}

/** Dots, or nothing, would be another path, which is signed like this one. */
function pathPart(parameter: string, text = ''): string {
  if (/^\.*$/.test(text))
    throw new LessorError('request.invalid', `${parameter} ${JSON.stringify(text)} is no name`, {
      remedy: 'write the one that is meant',
    });
  return encodeURIComponent(text);
}

async function signed(signer: SignatureV4, endpoint: string, { method, path, query, ifMatch, text }: Sent) {
  const { hostname, port, host, protocol, pathname } = new URL(endpoint);
  const request = await signer.sign(
    new HttpRequest({
      method,
      protocol,
      hostname,
      ...(port === '' ? {} : { port: Number(port) }),
      path: `${pathname.replace(/\/+$/, '')}${path}`,
      query: { ...query },
      headers: {
        host,
        [CONTRACT_HEADER]: contractText(CONTRACT),
        ...(text === undefined ? {} : { 'content-type': 'application/json' }),
        ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
      },
      ...(text === undefined ? {} : { body: text }),
    }),
  );
  const search = Object.entries(query)
    .map((pair) => pair.map(escaped).join('='))
    .join('&');
  const { host: _, ...headers } = request.headers;
  return { url: new URL(`${request.path}${search && `?${search}`}`, endpoint), headers };
}

/** As AWS signs it: a space is no plus. */
const escaped = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

function understood<Name extends OperatorRoute>(
  name: Name,
  { answer, body }: { answer: Response; body: unknown },
  endpoint: string,
): Answered<Name> {
  const read = z.safeParse(routes[name].result as z.core.$ZodType, body);
  if (read.success)
    return { status: answer.status, etag: answer.headers.get('etag') ?? undefined, result: read.data as Result<Name> };
  const [issue] = read.error.issues;
  const where = issue === undefined ? '' : ` (at ${issue.path.join('.') || 'the top'}: ${issue.message})`;
  throw new LessorError(
    'service.fault',
    `${endpoint} answered ${name} with something else than the contract says${where}`,
    {
      remedy: 'is it the Lessor API, in a version that fits this lessorctl?',
    },
  );
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unreachable(endpoint: string, cause: unknown, within: number): LessorError {
  const { name, message, cause: inner } = cause as Error;
  const why =
    name === 'TimeoutError'
      ? `no answer within ${Math.round(within / 1000)} s`
      : inner instanceof Error && inner.message
        ? inner.message
        : message;
  return new LessorError('service.unavailable', `${endpoint} cannot be reached (${why})`, {
    remedy: 'check the endpoint, and that this machine reaches it; a change may be done or not: look, then repeat it',
    cause,
  });
}

const otherMajor = (endpoint: string, theirs: { major: number; minor: number }): LessorError =>
  new LessorError(
    'contract.version',
    `${endpoint} speaks version ${contractText(theirs)} of the contract, lessorctl ${contractText(CONTRACT)}`,
    { remedy: 'use the lessorctl of that release' },
  );
