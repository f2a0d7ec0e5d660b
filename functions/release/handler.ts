/** The releasing function, and what else a node asks about what it has. */
import { routes } from '../../core/contract/routes.ts';
import { eventBus } from '../events/event-bus.ts';
import { answering, handlerOf } from '../http/http.ts';
import { busForEvents, forRequests } from '../runtime.ts';
import { giveBack } from '../use-cases/blocks/give-back.ts';
import { checkLease } from '../use-cases/leases/check-lease.ts';
import { ownLeases } from '../use-cases/leases/own-leases.ts';
import { release } from '../use-cases/leases/release.ts';
import { goodbye } from '../use-cases/nodes/goodbye.ts';
import { heartbeatTold } from '../use-cases/nodes/heartbeat-told.ts';

const dependencies = await forRequests(eventBus(busForEvents));

export const handler = handlerOf({
  ...answering(routes.release, ({ call, body }) => release(dependencies, call, body)),
  ...answering(routes.check, ({ call, body }) => checkLease(dependencies, call, body)),
  ...answering(routes.ownLeases, ({ call, query }) => ownLeases(dependencies, call, query.cursor)),
  ...answering(routes.heartbeat, ({ call, body }) => heartbeatTold(dependencies, call, body)),
  ...answering(routes.goodbye, ({ call, body }) => goodbye(dependencies, call, body)),
  ...answering(routes.giveBack, ({ call, body }) => giveBack(dependencies, call, body)),
});
