/** The allocating function, and what else a node asks where it wants an address. */
import { routes } from '../../core/contract/routes.ts';
import { answering, handlerOf } from '../http.ts';
import { dependencies } from '../runtime.ts';
import { allocate } from '../use-cases/allocate.ts';
import { readiness } from '../use-cases/readiness.ts';
import { reportLease } from '../use-cases/report-lease.ts';

export const handler = handlerOf({
  ...answering(routes.allocate, ({ call, body }) => allocate(dependencies, call, body)),
  ...answering(routes.report, ({ call, body }) => reportLease(dependencies, call, body)),
  ...answering(routes.readiness, ({ call, body }) => readiness(dependencies, call, body)),
});
