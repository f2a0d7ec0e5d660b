/** The two tables in DynamoDB: CreateBackup, RestoreTableToPointInTime, and what a restored table lacks. */
import {
  type BackupSummary,
  CreateBackupCommand,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DynamoDBClient,
  ListBackupsCommand,
  RestoreTableFromBackupCommand,
  RestoreTableToPointInTimeCommand,
  type TableDescription,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { isNotThere, refusedByAws } from './aws-refusal.ts';
import type { TableBackup, TablesControl, TableView } from './tables-control.ts';

export function dynamodbTables(region: string, profile: string | undefined): TablesControl {
  const client = new DynamoDBClient({ region, ...(profile === undefined ? {} : { profile }) });
  return { ...reading(client), ...backingUp(client), ...restoring(client), ...preparing(client) };
}

const asked = <T>(what: string, sent: Promise<T>): Promise<T> =>
  sent.catch((cause: unknown) => {
    throw refusedByAws(what, cause);
  });

function reading(client: DynamoDBClient): Pick<TablesControl, 'read' | 'recoveryOf'> {
  return {
    async read(table) {
      const described = client.send(new DescribeTableCommand({ TableName: table }));
      const found = await described.catch((error: unknown) => {
        if (isNotThere(error)) return undefined;
        throw refusedByAws(`table ${table} cannot be read`, error);
      });
      return found?.Table === undefined ? undefined : viewOf(table, found.Table);
    },
    async recoveryOf(table) {
      const sent = client.send(new DescribeContinuousBackupsCommand({ TableName: table }));
      const { ContinuousBackupsDescription: said } = await asked(`recovery of table ${table} cannot be read`, sent);
      const {
        PointInTimeRecoveryStatus: status,
        EarliestRestorableDateTime: earliest,
        LatestRestorableDateTime: latest,
      } = said?.PointInTimeRecoveryDescription ?? {};
      if (status !== 'ENABLED' || earliest === undefined || latest === undefined) return undefined;
      return { earliest: earliest.toISOString(), latest: latest.toISOString() };
    },
  };
}

function backingUp(client: DynamoDBClient): Pick<TablesControl, 'backUp' | 'backupsOf'> {
  return {
    async backUp(table, name) {
      const sent = client.send(new CreateBackupCommand({ TableName: table, BackupName: name }));
      const { BackupDetails = {} } = await asked(`table ${table} cannot be backed up`, sent);
      return backupOf(BackupDetails);
    },
    async backupsOf(table) {
      const backups: TableBackup[] = [];
      let after: string | undefined;
      do {
        const page = { TableName: table, ...(after === undefined ? {} : { ExclusiveStartBackupArn: after }) };
        const sent = client.send(new ListBackupsCommand(page));
        const { BackupSummaries = [], LastEvaluatedBackupArn } = await asked(
          `backups of ${table} cannot be read`,
          sent,
        );
        backups.push(...BackupSummaries.map(backupOf));
        after = LastEvaluatedBackupArn;
      } while (after !== undefined);
      return backups;
    },
  };
}

function restoring(client: DynamoDBClient): Pick<TablesControl, 'restoreToTime' | 'restoreFromBackup'> {
  return {
    async restoreToTime(source, time, target) {
      const from = { SourceTableName: source.name, RestoreDateTime: new Date(time) };
      const into = { TargetTableName: target, ...encryptionOf(source) };
      const sent = client.send(new RestoreTableToPointInTimeCommand({ ...from, ...into }));
      await asked(`table ${source.name} cannot be restored to ${target}`, sent);
    },
    async restoreFromBackup(source, backupArn, target) {
      const into = { BackupArn: backupArn, TargetTableName: target, ...encryptionOf(source) };
      const sent = client.send(new RestoreTableFromBackupCommand(into));
      await asked(`backup ${backupArn} cannot be restored to ${target}`, sent);
    },
  };
}

function preparing(client: DynamoDBClient): Pick<TablesControl, 'turnOnRecovery' | 'protect' | 'turnOnStream'> {
  const update = async (table: string, what: string, change: Omit<UpdateTableCommand['input'], 'TableName'>) => {
    await asked(`table ${table}: ${what}`, client.send(new UpdateTableCommand({ TableName: table, ...change })));
  };
  return {
    async turnOnRecovery(table) {
      const recovery = { PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } };
      const sent = client.send(new UpdateContinuousBackupsCommand({ TableName: table, ...recovery }));
      await asked(`recovery of table ${table} cannot be turned on`, sent);
    },
    protect: (table) => update(table, 'it cannot be protected', { DeletionProtectionEnabled: true }),
    turnOnStream: (table) =>
      update(table, 'its stream cannot be turned on', {
        StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
      }),
  };
}

function viewOf(name: string, table: TableDescription): TableView {
  const { RestoreSummary: restored, SSEDescription: encryption, StreamSpecification: stream } = table;
  return {
    name,
    arn: table.TableArn ?? name,
    isReady: table.TableStatus === 'ACTIVE',
    isProtected: table.DeletionProtectionEnabled === true,
    ...(stream?.StreamEnabled && table.LatestStreamArn ? { streamArn: table.LatestStreamArn } : {}),
    ...(encryption?.KMSMasterKeyArn ? { encryptionKey: encryption.KMSMasterKeyArn } : {}),
    ...(restored === undefined
      ? {}
      : {
          restoredFrom: {
            ...(restored.SourceTableArn === undefined ? {} : { tableArn: restored.SourceTableArn }),
            ...(restored.SourceBackupArn === undefined ? {} : { backupArn: restored.SourceBackupArn }),
            ...(restored.RestoreDateTime === undefined ? {} : { at: restored.RestoreDateTime.toISOString() }),
          },
        }),
  };
}

const backupOf = (one: BackupSummary & { readonly BackupSizeBytes?: number | undefined }): TableBackup => ({
  name: one.BackupName ?? '',
  arn: one.BackupArn ?? '',
  at: (one.BackupCreationDateTime ?? new Date(0)).toISOString(),
  isReady: one.BackupStatus === 'AVAILABLE',
  bytes: one.BackupSizeBytes ?? 0,
});

/** Said each time: what is not said is a matter of DynamoDB's defaults. */
const encryptionOf = (source: TableView | undefined) =>
  source?.encryptionKey === undefined
    ? {}
    : { SSESpecificationOverride: { Enabled: true, SSEType: 'KMS' as const, KMSMasterKeyId: source.encryptionKey } };
