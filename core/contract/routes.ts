/** The HTTP surface: who may call what, which function answers, which schemas hold. Infrastructure, handlers, the plugin and tools all read this one table. */
import {
  allocateRequest,
  allocateResult,
  death,
  declareDeathRequest,
  listDeathsResult,
  listLeasesQuery,
  listLeasesResult,
  listPoolsQuery,
  listPoolsResult,
  releaseRequest,
  releaseResult,
} from './messages.ts';

export const routes = {
  allocate: {
    method: 'POST',
    path: '/v1/leases',
    function: 'allocate',
    caller: 'node',
    request: allocateRequest,
    result: allocateResult,
  },
  release: {
    method: 'POST',
    path: '/v1/releases',
    function: 'release',
    caller: 'node',
    request: releaseRequest,
    result: releaseResult,
  },
  listPools: {
    method: 'GET',
    path: '/v1/pools',
    function: 'operate',
    caller: 'operator',
    query: listPoolsQuery,
    result: listPoolsResult,
  },
  listLeases: {
    method: 'GET',
    path: '/v1/pools/{pool}/leases',
    function: 'operate',
    caller: 'operator',
    query: listLeasesQuery,
    result: listLeasesResult,
  },
  declareDeath: {
    method: 'POST',
    path: '/v1/deaths',
    function: 'operate',
    caller: 'operator',
    request: declareDeathRequest,
    result: death,
  },
  listDeaths: { method: 'GET', path: '/v1/deaths', function: 'operate', caller: 'operator', result: listDeathsResult },
} as const;

export type RouteName = keyof typeof routes;
/** `operate` answers what people ask; `allocate` and `release` are apart so that each has no right it does not need. */
export type ApiFunction = (typeof routes)[RouteName]['function'];
