/** What of AWS a backup and a restore work with: the tables, the API's stage, and what the deployment's stack says of them. */
import type { Deployed } from '../backup/restore-parts.ts';
import type { TwoTables } from '../backup/restored-tables.ts';
import { readThrottle, type Stage } from '../backup/stage.ts';
import type { TablesControl } from '../backup/tables-control.ts';
import type { Session } from '../session/session.ts';
import { wrong } from '../settings/wrong.ts';

export const tableOptions = {
  'pools-table': { kind: 'value', value: 'NAME', help: "the table of pools (default: the stack's output PoolsTable)" },
  'leases-table': {
    kind: 'value',
    value: 'NAME',
    help: "the table of leases (default: the stack's output LeasesTable)",
  },
} as const;

export interface NamedTables {
  readonly 'pools-table': string | undefined;
  readonly 'leases-table': string | undefined;
}

export async function tablesOf({ target }: Session): Promise<TablesControl> {
  const { region, profile } = await target();
  const { dynamodbTables } = await import('../backup/dynamodb-tables.ts');
  return dynamodbTables(region, profile);
}

async function outputsOf({ target }: Session): Promise<ReadonlyMap<string, string>> {
  const { stack, region, profile } = await target();
  if (stack === undefined) return new Map();
  const { outputsOfStack } = await import('../settings/stack-output.ts');
  return outputsOfStack(stack, region, profile);
}

/** @throws LessorError `request.invalid` where neither the options nor the stack say it */
export async function namesOfTables(session: Session, named: NamedTables): Promise<TwoTables> {
  const { 'pools-table': pools, 'leases-table': leases } = named;
  if (pools !== undefined && leases !== undefined) return { pools, leases };
  if ((pools === undefined) !== (leases === undefined))
    throw wrong('only one of the two tables is named', 'give both --pools-table and --leases-table, or neither');
  const { pools: poolsOfStack, leases: leasesOfStack } = await deployedBy(session);
  return { pools: poolsOfStack, leases: leasesOfStack };
}

/** As it is now. @throws LessorError `request.invalid` where no stack is named, or it does not say which tables are attached */
export async function deployedBy(session: Session): Promise<Deployed> {
  const { stack } = await session.target();
  if (stack === undefined)
    throw wrong(
      'it is not said which stack is meant, whose outputs name the tables',
      'give --stack, or set LESSOR_STACK',
    );
  const outputs = await outputsOf(session);
  const [pools, leases] = [outputs.get('PoolsTable'), outputs.get('LeasesTable')];
  if (pools === undefined || leases === undefined)
    throw wrong(
      `stack ${stack} has no outputs PoolsTable and LeasesTable`,
      'deploy it with this release; an app of your own makes them of restoreOutputs of the construct',
    );
  return { pools, leases, throttle: readThrottle(outputs.get('Throttle')) };
}

export async function stageOfDeployment(session: Session): Promise<Stage> {
  const outputs = await outputsOf(session);
  const { stageOf } = await import('../backup/stage-of.ts');
  const target = await session.target();
  // Where the API is asked by a name of the company's own, the stack still has API Gateway's.
  return stageOf({ ...target, endpoint: outputs.get('ApiEndpoint') ?? target.endpoint }, outputs.get('ApiId'));
}
