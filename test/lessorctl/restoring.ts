/** A deployment that can be backed up and restored: the local stack's API and tables, and beside it what of AWS no machine has. */
import { expect, vi } from 'vitest';
import { routes } from '../../core/contract/routes.ts';
import { request } from '../../local/aws/dynamodb-request.ts';
import { type LocalStack, startStack } from '../../local/stack/stack.ts';
import { leasing } from '../local/stack/leasing.ts';
import { type ControlPlane, controlPlane } from '../restore/control-plane.ts';
import { askAt } from '../support/asking.ts';
import { type ControlOptions, control, signAs } from './control.ts';

const MINUTE_MS = 60_000;

export interface Restoring {
  readonly stack: LocalStack;
  readonly plane: ControlPlane;
  readonly live: { readonly pools: string; readonly leases: string };
  /** What the operator has on her disk. */
  readonly files: Record<string, string>;
  /** As lessorctl has it: it runs ahead while lessorctl waits. */
  readonly clock: { now: number };
  /** The settings are deployed. */
  deploy(more: Record<string, string>): void;
  /** That a node is up, as its agent says it. */
  heartbeat(index: 0 | 1, journal?: object): Promise<void>;
  type(line: string, options?: ControlOptions): Promise<{ code: number; stdout: string; stderr: string }>;
  stop(): Promise<void>;
}

/** Both nodes hold a lease of the pool `blue`. */
export async function restoring(): Promise<Restoring> {
  const stack = await startStack();
  // Behind the service's: what it notes while lessorctl waits is later than when lessorctl began to.
  const clock = { now: Date.now() - 300 * MINUTE_MS };
  const all = await tablesIn(stack.dynamodb.endpoint);
  const named = (part: string) => all.find((name) => name.includes(part)) ?? '';
  const live = { pools: named('Pools'), leases: named('Leases') };
  const plane = await controlPlane(stack.dynamodb.endpoint, Object.values(live), () => clock.now);
  const deploy = (more: Record<string, string>) => void Object.assign(plane.outputs, more);
  deploy({
    ...{ ApiEndpoint: stack.endpoint, ApiId: 'abc123', Throttle: '2000/1000' },
    ...{ PoolsTable: live.pools, LeasesTable: live.leases },
  });
  signAs(stack.operator);
  vi.stubEnv('AWS_ENDPOINT_URL', plane.endpoint);
  const files: Record<string, string> = {};
  const type = (line: string, options: ControlOptions = {}) =>
    control(line, {
      files,
      now: () => clock.now,
      ...options,
      env: { LESSOR_STACK: 'Lessor', AWS_REGION: stack.region, ...options.env },
      async onPause() {
        clock.now += 10_000;
        await options.onPause?.();
      },
    });
  await type('pool create blue 10.1.0.0/24');
  const lease = leasing(() => stack);
  for (const node of stack.nodes) await lease(node, 'blue');
  return {
    ...{ stack, plane, live, files, clock, deploy, type },
    async heartbeat(index, journal) {
      const said = { boot: 'boot-1', ...(journal && { journal }) };
      const { status } = await askAt(stack, stack.nodes[index], 'POST', routes.heartbeat.path, said);
      expect(status).toBe(200);
    },
    async stop() {
      await plane.stop();
      await stack.stop();
    },
  };
}

/** Names of the tables in DynamoDB Local. */
export async function tablesIn(dynamodb: string): Promise<readonly string[]> {
  const { TableNames } = (await request(dynamodb, 'DynamoDB_20120810.ListTables', {})) as { TableNames: string[] };
  return TableNames;
}
