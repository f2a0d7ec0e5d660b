/**
 * An example of each operation: what is asked, and what is answered. They tell one story, of a node and its pool; a test sends
 * the requests in the order of the story, and compares what comes back with what stands here.
 */
import type { RouteName } from '../../../core/contract/paths.ts';
import { nodeExamples } from './nodes.ts';
import { poolExamples } from './pools.ts';
import { questionExamples } from './questions.ts';

export interface Example {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly status: number;
  readonly result: unknown;
}

export const examples: Readonly<Record<RouteName, Example>> = { ...poolExamples, ...nodeExamples, ...questionExamples };

/** Each route once. Between the last two the reclaim takes back what the dead node had. */
export const story: readonly RouteName[] = [
  'createPool',
  'listVrfs',
  'listPools',
  'readPool',
  'readiness',
  'allocate',
  'check',
  'ownLeases',
  'heartbeat',
  'readNode',
  'listLeases',
  'listBlocks',
  'usage',
  'forecast',
  'whoHas',
  'searchAddress',
  'findLeases',
  'addressHistory',
  'leaseHistory',
  'audit',
  'explain',
  'changePool',
  'release',
  'report',
  'batch',
  'giveBack',
  'listNodes',
  'declareDeath',
  'listDeaths',
  'foreseeSilence',
  'goodbye',
  'deletePool',
];
