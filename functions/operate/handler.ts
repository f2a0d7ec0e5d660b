/** The function that answers operators. */
import type { DeclareDeathRequest } from '../../core/contract/nodes.ts';
import { routes } from '../../core/contract/routes.ts';
import { answering, handlerOf } from '../http/http.ts';
import { versionTag, versionWanted } from '../http/version-tag.ts';
import { emitDeaths } from '../metrics/emit.ts';
import { forRequests } from '../runtime.ts';
import { poolForecast } from '../use-cases/forecast/pool-forecast.ts';
import { declareDeath, listDeaths } from '../use-cases/nodes/declare-death.ts';
import { readNode } from '../use-cases/nodes/heartbeat.ts';
import { listNodes } from '../use-cases/nodes/list-nodes.ts';
import { changePoolAudited, createPoolAudited, deletePoolAudited } from '../use-cases/pools/audited-pools.ts';
import { listPools, readPoolNamed } from '../use-cases/pools/list-pools.ts';
import { listVrfs } from '../use-cases/pools/list-vrfs.ts';
import { addressHistory } from '../use-cases/questions/address-history.ts';
import { auditTrail } from '../use-cases/questions/audit-trail.ts';
import { explain } from '../use-cases/questions/explain.ts';
import { findLeases } from '../use-cases/questions/find-leases.ts';
import { foreseeDeath } from '../use-cases/questions/foresee-death.ts';
import { foreseeSilence } from '../use-cases/questions/foresee-silence.ts';
import { leaseHistory } from '../use-cases/questions/lease-history.ts';
import { listBlocks } from '../use-cases/questions/list-blocks.ts';
import { listLeases } from '../use-cases/questions/list-leases.ts';
import { usage } from '../use-cases/questions/usage.ts';
import { whoHas } from '../use-cases/questions/who-has.ts';

const dependencies = await forRequests();

export const handler = handlerOf({
  ...answering(
    routes.createPool,
    ({ body, call, query }) => createPoolAudited(dependencies, call, body, query.dryRun),
    ({ created, dryRun, pool }) => (dryRun ? {} : { status: created ? 201 : 200, ...versionTag(pool.version) }),
  ),
  ...answering(routes.listVrfs, ({ call, query }) => listVrfs(dependencies, call, query)),
  ...answering(routes.listPools, ({ call, query }) => listPools(dependencies, call, query)),
  ...answering(
    routes.readPool,
    ({ query, path }) => readPoolNamed(dependencies, { vrf: query.vrf, name: path.pool }),
    ({ version }) => versionTag(version),
  ),
  ...answering(
    routes.changePool,
    ({ body, call, query, path, header }) =>
      changePoolAudited(
        dependencies,
        call,
        { ...query, name: path.pool, ifMatch: versionWanted(header('if-match')) },
        body,
      ),
    ({ dryRun, pool }) => (dryRun ? {} : versionTag(pool.version)),
  ),
  ...answering(
    routes.deletePool,
    ({ call, query, path, header }) =>
      deletePoolAudited(dependencies, call, { ...query, name: path.pool, ifMatch: versionWanted(header('if-match')) }),
    ({ deleted, dryRun }) => ({ status: deleted || dryRun ? 200 : 202 }),
  ),
  ...answering(routes.listLeases, ({ call, query, path }) =>
    listLeases(dependencies, call, { ...query, name: path.pool }),
  ),
  ...answering(routes.listBlocks, ({ call, query, path }) =>
    listBlocks(dependencies, call, { vrf: query.vrf, name: path.pool, cursor: query.cursor }),
  ),
  ...answering(routes.usage, ({ call, query, path }) =>
    usage(dependencies, call, {
      vrf: query.vrf,
      name: path.pool,
      by: query.by,
      cheap: query.cheap === 'true',
      node: query.node,
    }),
  ),
  ...answering(routes.forecast, ({ query, path }) => poolForecast(dependencies, { vrf: query.vrf, name: path.pool })),
  ...answering(routes.whoHas, ({ query, path }) => whoHas(dependencies, { vrf: query.vrf, text: path.address })),
  ...answering(routes.searchAddress, ({ query }) => whoHas(dependencies, { vrf: query.vrf, text: query.address })),
  ...answering(routes.findLeases, ({ call, query }) => findLeases(dependencies, call, query)),
  ...answering(routes.addressHistory, ({ query }) => addressHistory(dependencies, query)),
  ...answering(routes.leaseHistory, ({ call, query }) => leaseHistory(dependencies, call, query)),
  ...answering(routes.audit, ({ call, query }) => auditTrail(dependencies, call, query)),
  ...answering(routes.explain, ({ call, body }) => explain(dependencies, call, body)),
  ...answering(routes.readNode, ({ query }) => readNode(dependencies, query.node)),
  ...answering(routes.listNodes, ({ call, query }) => listNodes(dependencies, call, query)),
  ...answering(routes.declareDeath, ({ call, body, query }) =>
    query.dryRun ? foreseeDeath(dependencies, call, body) : declared(call, body),
  ),
  ...answering(routes.listDeaths, ({ query }) => listDeaths(dependencies, query)),
  ...answering(routes.foreseeSilence, ({ call, query }) => foreseeSilence(dependencies, call, query)),
});

/** Counted once: a declaration that comes again is answered by what was declared before. */
async function declared(call: Parameters<typeof declareDeath>[1], request: DeclareDeathRequest) {
  const since = new Date(dependencies.now()).toISOString();
  const death = await declareDeath(dependencies, call, request);
  if (death.declaredAt >= since) emitDeaths(1, 'operator');
  return death;
}
