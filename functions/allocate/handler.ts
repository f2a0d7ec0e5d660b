/** The allocating function, and what else a node asks where it wants an address. */
import type { LessorError } from '../../core/contract/problems.ts';
import { routes } from '../../core/contract/routes.ts';
import { eventBus } from '../events/event-bus.ts';
import { answering, handlerOf } from '../http/http.ts';
import { emit } from '../metrics/emit.ts';
import { busForEvents, forRequests } from '../runtime.ts';
import { allocate } from '../use-cases/add/allocate.ts';
import { batch } from '../use-cases/leases/batch.ts';
import { reportTold } from '../use-cases/leases/report-told.ts';
import { readiness } from '../use-cases/questions/readiness.ts';

const dependencies = await forRequests(eventBus(busForEvents));

/** One item of a batch, whose request is answered all the same. */
function refused({ code, message, cause }: LessorError): void {
  emit({ Refusals: 1 }, { code });
  if (code === 'service.fault' || code === 'service.unavailable')
    console.error({ code, message, cause: cause instanceof Error ? cause.stack : cause });
}

export const handler = handlerOf({
  ...answering(routes.allocate, ({ call, body }) => {
    if (body.attempt > 1) emit({ RepeatedAdds: 1 });
    return allocate(dependencies, call, body);
  }),
  ...answering(routes.report, ({ call, body }) => reportTold(dependencies, call, body)),
  ...answering(routes.batch, ({ call, body }) => batch(dependencies, call, body, refused)),
  ...answering(routes.readiness, ({ call, body }) => readiness(dependencies, call, body)),
});
