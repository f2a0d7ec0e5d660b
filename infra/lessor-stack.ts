/** Everything that Lessor is on AWS: two tables, five functions, an API, a clock. */
import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { environment } from '../core/contract/environment.ts';
import { AccessPolicies } from './access-policies.ts';
import { LessorApi } from './http-api.ts';
import { LessorFunction } from './lessor-function.ts';
import { ReclaimSchedule } from './reclaim-schedule.ts';
import type { Settings } from './settings.ts';
import { StoreTable } from './store-table.ts';

export class LessorStack extends Stack {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id, { description: 'Lessor: IP address management for Kubernetes pods' });
    const pools = new StoreTable(this, 'Pools', environment.poolsTable);
    const leases = new StoreTable(this, 'Leases', environment.leasesTable, { stream: true });
    const api = new LessorApi(this, 'HttpApi', settings);

    const allocate = new LessorFunction(this, 'allocate');
    pools.grant(allocate, 'GetItem', 'Query', 'PutItem', 'UpdateItem');
    leases.grant(allocate, 'Query', 'PutItem', 'UpdateItem');
    allocate.addEnvironment(environment.inlinePools, String(settings.inlinePools));
    allocate.addEnvironment(environment.inlineCooldown, String(settings.inlinePoolCooldownSeconds));
    api.serve('allocate', allocate);

    const release = new LessorFunction(this, 'release');
    pools.grant(release, 'GetItem', 'PutItem', 'UpdateItem');
    leases.grant(release, 'GetItem', 'Query', 'UpdateItem');
    api.serve('release', release);

    const operate = new LessorFunction(this, 'operate');
    pools.grant(operate, 'GetItem', 'Query', 'PutItem', 'UpdateItem');
    leases.grant(operate, 'Query', 'UpdateItem');
    api.serve('operate', operate);

    const reclaim = new LessorFunction(this, 'reclaim', { timeout: Duration.minutes(5) });
    pools.grant(reclaim, 'GetItem', 'Query', 'UpdateItem');
    leases.grant(reclaim, 'Query', 'UpdateItem');
    new ReclaimSchedule(this, 'ReclaimSchedule', reclaim);

    const count = new LessorFunction(this, 'count');
    pools.grant(count, 'UpdateItem');
    leases.tell(count);

    const access = new AccessPolicies(this, 'Access', api, settings.instanceRoles);
    new CfnOutput(this, 'ApiEndpoint', { value: api.endpoint });
    new CfnOutput(this, 'NodePolicyArn', { value: access.nodePolicy.managedPolicyArn });
    new CfnOutput(this, 'OperatorPolicyArn', { value: access.operatorPolicy.managedPolicyArn });
  }
}
