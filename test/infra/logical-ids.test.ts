/**
 * Logical ids are what CloudFormation knows things by. Another id for a table is another, empty table; for the API, another
 * endpoint on every node; for a log group, a new log. So they never change, whatever the construct tree becomes.
 */
import { type App, Names } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { describe, expect, it } from 'vitest';
import { Lessor } from '../../infra/lessor.ts';
import { deployment, stackOf, templateOf } from './deployments.ts';

/** Those of the ready-made app, since its first version. Never edit a line: add one for what is new. */
const OF_THE_APP = {
  PoolsTable874D6480: 'AWS::DynamoDB::GlobalTable',
  LeasesTableFEA91EF2: 'AWS::DynamoDB::GlobalTable',
  HistoryTable4479EEA3: 'AWS::DynamoDB::GlobalTable',
  LeasesChanges11D88409: 'AWS::Lambda::EventSourceMapping',
  HttpApi9292168F: 'AWS::ApiGatewayV2::Api',
  HttpApiStageCEBE8DDB: 'AWS::ApiGatewayV2::Stage',
  HttpApiAccessLog37FAD39B: 'AWS::Logs::LogGroup',
  AllocateLog0D8D6D4C: 'AWS::Logs::LogGroup',
  Allocate804FC8A7: 'AWS::Lambda::Function',
  AllocateLiveCC74779C: 'AWS::Lambda::Alias',
  ReleaseLog53F4B768: 'AWS::Logs::LogGroup',
  Release6218179A: 'AWS::Lambda::Function',
  ReleaseLive284FCDB0: 'AWS::Lambda::Alias',
  OperateLogF51EBCFA: 'AWS::Logs::LogGroup',
  Operate27B2B33C: 'AWS::Lambda::Function',
  OperateLive29C1077D: 'AWS::Lambda::Alias',
  ReclaimLogB57090AC: 'AWS::Logs::LogGroup',
  Reclaim2F6D3C25: 'AWS::Lambda::Function',
  ReclaimLiveDDD664CC: 'AWS::Lambda::Alias',
  CountLogC5D311F9: 'AWS::Logs::LogGroup',
  CountF2B59359: 'AWS::Lambda::Function',
  CountLiveC71D3504: 'AWS::Lambda::Alias',
  Evidence7A572EF0: 'AWS::Lambda::Function',
  EvidenceDeadLetters75EA3304: 'AWS::SQS::Queue',
  EvidenceEvidenceLogE4AD0520: 'AWS::Logs::LogGroup',
  EvidenceLive62DEFB9D: 'AWS::Lambda::Alias',
  EvidenceQueueB29F6A78: 'AWS::SQS::Queue',
  EvidenceToldAA601031: 'AWS::Lambda::EventSourceMapping',
  EventsToldC3231FC9: 'AWS::Lambda::EventSourceMapping',
  AccessNode2E95FAF3: 'AWS::IAM::ManagedPolicy',
  AccessOperator9D7E479F: 'AWS::IAM::ManagedPolicy',
};

/** Those of `new Lessor(stack, 'Ipam', …)` in anybody's stack. */
const OF_THE_CONSTRUCT = {
  IpamPoolsTable9F51A34D: 'AWS::DynamoDB::GlobalTable',
  IpamLeasesTableE83EA9A0: 'AWS::DynamoDB::GlobalTable',
  IpamHistoryTable1620920C: 'AWS::DynamoDB::GlobalTable',
  IpamLeasesChangesA4021FBE: 'AWS::Lambda::EventSourceMapping',
  IpamHttpApiF05AF425: 'AWS::ApiGatewayV2::Api',
  IpamHttpApiStage0FBA617E: 'AWS::ApiGatewayV2::Stage',
  IpamHttpApiAccessLogB83E915C: 'AWS::Logs::LogGroup',
  IpamAllocateLog413A42BD: 'AWS::Logs::LogGroup',
  IpamAllocate58D7B386: 'AWS::Lambda::Function',
  IpamAllocateLive4583A24E: 'AWS::Lambda::Alias',
  IpamReleaseLog9E97C781: 'AWS::Logs::LogGroup',
  IpamReleaseF9F4DF52: 'AWS::Lambda::Function',
  IpamReleaseLive30AF3D43: 'AWS::Lambda::Alias',
  IpamOperateLogD32D8CC6: 'AWS::Logs::LogGroup',
  IpamOperate9B5FF863: 'AWS::Lambda::Function',
  IpamOperateLive85B4CEC6: 'AWS::Lambda::Alias',
  IpamReclaimLogE071A758: 'AWS::Logs::LogGroup',
  IpamReclaim8324A86D: 'AWS::Lambda::Function',
  IpamReclaimLive615F3E17: 'AWS::Lambda::Alias',
  IpamCountLog8000CE93: 'AWS::Logs::LogGroup',
  IpamCountDEC68011: 'AWS::Lambda::Function',
  IpamCountLiveD58A1D08: 'AWS::Lambda::Alias',
  IpamEvidence8DC77902: 'AWS::Lambda::Function',
  IpamEvidenceDeadLetters526593DF: 'AWS::SQS::Queue',
  IpamEvidenceEvidenceLog0D4D110E: 'AWS::Logs::LogGroup',
  IpamEvidenceLive8F746017: 'AWS::Lambda::Alias',
  IpamEvidenceQueueA6098C5E: 'AWS::SQS::Queue',
  IpamEvidenceTold11B326FA: 'AWS::Lambda::EventSourceMapping',
  IpamEventsToldA6877071: 'AWS::Lambda::EventSourceMapping',
  IpamAccessNode823832EE: 'AWS::IAM::ManagedPolicy',
  IpamAccessOperatorF5468369: 'AWS::IAM::ManagedPolicy',
};

/** What keeps something, or has a name that others know it by. */
const LASTING =
  /^AWS::(DynamoDB::GlobalTable|ApiGatewayV2::(Api|Stage)|ApiGateway::(RestApi|Stage)|Logs::LogGroup|Lambda::(Function|Alias|EventSourceMapping)|IAM::ManagedPolicy|SQS::Queue|SNS::Topic|KMS::Key|S3::Bucket)$/;

const lasting = (root: App, stack: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(templateOf(root, stack).resources).flatMap(([id, { Type }]) =>
      LASTING.test(Type) ? [[id, Type]] : [],
    ),
  );

const ready = () => deployment({ Lessor: { nodeRoles: { nodes: {} } } });
const embedded = () => stackOf((stack) => new Lessor(stack, 'Ipam', { nodeRoles: { nodes: {} } }));

describe('the logical ids of what lasts', () => {
  it('are what they were, in the ready-made app', () => {
    expect(lasting(ready(), 'Lessor')).toEqual(OF_THE_APP);
  });

  it('are what they were, of the construct in another stack', () => {
    expect(lasting(embedded(), 'Network')).toEqual(OF_THE_CONSTRUCT);
  });

  it('do not depend on what a deployment chooses', () => {
    const chosen = deployment({
      Lessor: {
        nodeRoles: { others: { cluster: 'production' } },
        env: { account: '123456789012', region: 'eu-central-1' },
        canaryMinutes: 0,
        logRetention: 365,
        tags: { team: 'network' },
        functions: { allocate: { memoryMb: 2048, reservedConcurrency: 50, provisionedConcurrency: 10 } },
        encryptionKey: 'arn:aws:kms:eu-central-1:123456789012:key/12345678-1234-1234-1234-123456789012',
      },
    });
    expect(lasting(chosen, 'Lessor')).toEqual(OF_THE_APP);
  });

  it('would be missed if a construct were renamed', () => {
    const root = ready();
    const table = root.node.findAll().find(({ node }) => node.path.endsWith('Leases/Table')) as IConstruct;
    // What another id of a construct comes to.
    Object.defineProperty(table.node, 'id', { value: 'Table2' });
    expect(Names.nodeUniqueId(table.node)).toContain('Table2');
    expect(lasting(root, 'Lessor')).not.toEqual(OF_THE_APP);
  });
});
