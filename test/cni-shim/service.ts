/** The service's own use cases behind a plugin's fetch, over the store of a `World`; no signature is looked at. */
import * as z from 'zod/mini';
import { LessorError, problemBody } from '../../core/contract/problems.ts';
import { routes } from '../../core/contract/routes.ts';
import { allocate } from '../../functions/use-cases/allocate.ts';
import type { Call, Dependencies } from '../../functions/use-cases/dependencies.ts';
import { giveBack } from '../../functions/use-cases/give-back.ts';
import { release } from '../../functions/use-cases/release.ts';
import { reportLease } from '../../functions/use-cases/report-lease.ts';
import { callOf } from '../functions/world.ts';

export interface Sent {
  readonly path: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was sent
  readonly body: any;
}

export interface Service {
  readonly fetch: typeof fetch;
  readonly sent: Sent[];
  /** What becomes of a request: undefined is answered. */
  fate: (sent: Sent) => 'unreachable' | 'answer lost' | undefined;
}

type UseCase = (deps: Dependencies, call: Call, body: never) => Promise<unknown>;

/** What a node's request comes to at the service. `deps`: one Lambda environment. */
export function serviceFor(deps: Dependencies, node: string): Service {
  const answers: readonly (readonly [
    { method: string; path: string; request: z.core.$ZodType; result: z.core.$ZodType },
    UseCase,
  ])[] = [
    [routes.allocate, allocate],
    [routes.release, release],
    [routes.giveBack, giveBack],
    [routes.report, reportLease],
  ];
  const service: Service = {
    sent: [],
    fate: () => undefined,
    fetch: async (url, init) => {
      const { pathname } = new URL(String(url));
      const sent = { path: pathname, body: JSON.parse(String(init?.body)) };
      service.sent.push(sent);
      const fate = service.fate(sent);
      if (fate === 'unreachable') throw Object.assign(new Error('cut'), { code: 'ECONNREFUSED' });
      const [route, useCase] = answers.find(([{ path }]) => path === pathname) ?? [];
      if (route === undefined || useCase === undefined) throw new Error(`no route ${pathname}`);
      try {
        const result = await useCase(deps, callOf(node), z.parse(route.request, sent.body) as never);
        if (fate === 'answer lost') throw Object.assign(new Error('cut'), { code: 'ECONNRESET' });
        return Response.json(z.parse(route.result, result));
      } catch (error) {
        if (!(error instanceof LessorError)) throw error;
        const problem = problemBody(error);
        return Response.json(problem, { status: problem.status });
      }
    },
  };
  return service;
}
