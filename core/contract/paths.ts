/** Where each route of the API is. Without schemas, so that the plugin reads the very table that the service serves. */
export const paths = {
  allocate: { method: 'POST', path: '/v1/leases' },
  release: { method: 'POST', path: '/v1/releases' },
  giveBack: { method: 'POST', path: '/v1/blocks/releases' },
  report: { method: 'POST', path: '/v1/leases/reports' },
  readiness: { method: 'POST', path: '/v1/readiness' },
  check: { method: 'POST', path: '/v1/leases/checks' },
  ownLeases: { method: 'GET', path: '/v1/nodes/self/leases' },
  heartbeat: { method: 'POST', path: '/v1/nodes/self' },
  goodbye: { method: 'POST', path: '/v1/nodes/self/goodbyes' },
  readNode: { method: 'GET', path: '/v1/nodes' },
  listBlocks: { method: 'GET', path: '/v1/pools/{pool}/blocks' },
  listPools: { method: 'GET', path: '/v1/pools' },
  createPool: { method: 'POST', path: '/v1/pools' },
  readPool: { method: 'GET', path: '/v1/pools/{pool}' },
  changePool: { method: 'PATCH', path: '/v1/pools/{pool}' },
  deletePool: { method: 'DELETE', path: '/v1/pools/{pool}' },
  listLeases: { method: 'GET', path: '/v1/pools/{pool}/leases' },
  usage: { method: 'GET', path: '/v1/pools/{pool}/usage' },
  whoHas: { method: 'GET', path: '/v1/addresses/{address}' },
  searchAddress: { method: 'GET', path: '/v1/addresses' },
  findLeases: { method: 'GET', path: '/v1/leases' },
  explain: { method: 'POST', path: '/v1/explanations' },
  declareDeath: { method: 'POST', path: '/v1/deaths' },
  listDeaths: { method: 'GET', path: '/v1/deaths' },
} as const;

export type RouteName = keyof typeof paths;

/** The names in braces of a path. */
export type ParameterOf<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParameterOf<Rest>
  : never;

/** In the order of the path. */
export const parametersOf = <Path extends string>(path: Path): ParameterOf<Path>[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as ParameterOf<Path>);
