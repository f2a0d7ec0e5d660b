/** The service's own use cases behind a plugin's fetch, over the store of a `World`; no signature is looked at. */
import * as z from 'zod/mini';
import type { BatchRequest } from '../../core/contract/batch.ts';
import { LessorError, problemBody } from '../../core/contract/problems.ts';
import { routes } from '../../core/contract/routes.ts';
import { CONTRACT_HEADER, parseContract } from '../../core/contract/version.ts';
import { allocate } from '../../functions/use-cases/add/allocate.ts';
import { giveBack } from '../../functions/use-cases/blocks/give-back.ts';
import type { Call, Dependencies } from '../../functions/use-cases/dependencies.ts';
import { batch } from '../../functions/use-cases/leases/batch.ts';
import { checkLease } from '../../functions/use-cases/leases/check-lease.ts';
import { ownLeases } from '../../functions/use-cases/leases/own-leases.ts';
import { release } from '../../functions/use-cases/leases/release.ts';
import { reportLease } from '../../functions/use-cases/leases/report-lease.ts';
import { goodbye } from '../../functions/use-cases/nodes/goodbye.ts';
import { heartbeat } from '../../functions/use-cases/nodes/heartbeat.ts';
import { readiness } from '../../functions/use-cases/questions/readiness.ts';
import { callOf } from '../functions/world.ts';

export interface Sent {
  readonly method: string;
  readonly path: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was sent
  readonly body: any;
}

export interface Service {
  fetch: typeof fetch;
  readonly sent: Sent[];
  /** What becomes of a request: undefined is answered. */
  fate: (sent: Sent) => 'unreachable' | 'answer lost' | undefined;
  /** Not where it is of before there was delegated leasing: it speaks contract 1.3. */
  knowsBatches: boolean;
}

export type Route = (typeof routes)[keyof typeof routes];
export type UseCase = (deps: Dependencies, call: Call, body: never) => Promise<unknown>;

const answers: readonly (readonly [Route, UseCase])[] = [
  [routes.allocate, allocate],
  [routes.release, release],
  [routes.giveBack, giveBack],
  [routes.report, reportLease],
  [routes.batch, (deps, call, body: BatchRequest) => batch(deps, call, body, () => undefined)],
  [routes.check, checkLease],
  [routes.readiness, readiness],
  [routes.heartbeat, heartbeat],
  [routes.goodbye, goodbye],
  [routes.ownLeases, (deps, call, { cursor }: { cursor?: string }) => ownLeases(deps, call, cursor)],
];

/** What is unknown is left out where a caller speaks a later version, else refused. */
function asOfBefore(route: Route, body: Record<string, unknown>, headers: Headers): void {
  if (route === routes.batch) throw new LessorError('route.unknown', 'it is of before');
  if (body.leasesFrom === undefined) return;
  if ((parseContract(headers.get(CONTRACT_HEADER) ?? '')?.minor ?? 0) <= 3)
    throw new LessorError('request.invalid', 'body: has no field leasesFrom');
  delete body.leasesFrom;
}

/**
 * What a node's request comes to at the service.
 * @param deps one Lambda environment
 * @param instead use cases in place of the service's own: a broken service
 */
export function serviceFor(
  deps: Dependencies,
  node: string,
  instead: ReadonlyMap<Route, UseCase> = new Map(),
): Service {
  const service: Service = {
    sent: [],
    fate: () => undefined,
    knowsBatches: true,
    fetch: async (url, init) => {
      const { pathname, searchParams } = new URL(String(url));
      const { method = 'GET' } = init ?? {};
      const body = method === 'GET' ? Object.fromEntries(searchParams) : JSON.parse(String(init?.body));
      const sent = { method, path: pathname, body };
      service.sent.push(sent);
      const fate = service.fate(sent);
      if (fate === 'unreachable') throw Object.assign(new Error('cut'), { code: 'ECONNREFUSED' });
      const [route, useCase] = answers.find(([one]) => one.path === pathname && one.method === method) ?? [];
      if (route === undefined || useCase === undefined) throw new Error(`no route ${method} ${pathname}`);
      try {
        if (!service.knowsBatches) asOfBefore(route, body, new Headers(init?.headers));
        const schema = 'request' in route ? route.request : z.unknown();
        const answer = instead.get(route) ?? useCase;
        const result = await answer(deps, callOf(node), z.parse(schema, body) as never);
        if (fate === 'answer lost') throw Object.assign(new Error('cut'), { code: 'ECONNRESET' });
        const answered = z.parse(route.result, result);
        const { pool } = answered as { pool?: unknown };
        if (!service.knowsBatches && typeof pool === 'object' && pool !== null) Reflect.deleteProperty(pool, 'leasing');
        return Response.json(answered);
      } catch (error) {
        if (!(error instanceof LessorError)) throw error;
        const problem = problemBody(error);
        return Response.json(problem, { status: problem.status });
      }
    },
  };
  return service;
}
