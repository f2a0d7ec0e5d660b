/** The function that answers operators. */
import { routes } from '../../core/contract/routes.ts';
import { answering, handlerOf } from '../http.ts';
import { dependencies } from '../runtime.ts';
import { declareDeath, listDeaths } from '../use-cases/declare-death.ts';
import { listLeases, listPools } from '../use-cases/list-leases.ts';

export const handler = handlerOf({
  ...answering(routes.listPools, ({ query }) => listPools(dependencies, query.vrf)),
  ...answering(routes.listLeases, ({ query, path }) =>
    listLeases(dependencies, { vrf: query.vrf, name: path.pool ?? '', cursor: query.cursor }),
  ),
  ...answering(routes.declareDeath, ({ call, body }) => declareDeath(dependencies, call, body)),
  ...answering(routes.listDeaths, () => listDeaths(dependencies)),
});
