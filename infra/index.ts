/** What the package gives to other people's CDK apps. */
export { Lessor } from './lessor.ts';
export type {
  AttachedTables,
  Endpoint,
  EventsProps,
  EvidenceProps,
  FunctionProps,
  HttpEndpoint,
  LessorProps,
  NewVpcEndpoint,
  NodeRole,
  PrivateEndpoint,
  Throttle,
} from './lessor-props.ts';
export type { DeclaredPool, PoolRange, PoolReservation } from './pool-props.ts';
export { LessorPool, type LessorPoolProps } from './pools-resource.ts';
