/** The allocating function, and what else a node asks where it wants an address. */
import { routes } from '../../core/contract/routes.ts';
import { answering, handlerOf } from '../http/http.ts';
import { forRequests } from '../runtime.ts';
import { allocate } from '../use-cases/add/allocate.ts';
import { reportLease } from '../use-cases/leases/report-lease.ts';
import { readiness } from '../use-cases/questions/readiness.ts';

const dependencies = await forRequests();

export const handler = handlerOf({
  ...answering(routes.allocate, ({ call, body }) => allocate(dependencies, call, body)),
  ...answering(routes.report, ({ call, body }) => reportLease(dependencies, call, body)),
  ...answering(routes.readiness, ({ call, body }) => readiness(dependencies, call, body)),
});
