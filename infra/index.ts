/** What the package gives to other people's CDK apps. */
export { Lessor } from './lessor.ts';
export type {
  AttachedTables,
  Endpoint,
  FunctionProps,
  LessorProps,
  NodeRole,
  Throttle,
} from './lessor-props.ts';
