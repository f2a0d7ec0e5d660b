/** What a backup and a restore need of the two tables, whoever keeps them. Times are RFC 3339. */

export interface TableView {
  readonly name: string;
  readonly arn: string;
  /** Whether it is there for good: a table that is being restored is not. */
  readonly isReady: boolean;
  readonly isProtected: boolean;
  readonly streamArn?: string;
  /** The customer's KMS key. */
  readonly encryptionKey?: string;
  /** Whatever DynamoDB still says of the restore that made it. */
  readonly restoredFrom?: { readonly tableArn?: string; readonly backupArn?: string; readonly at?: string };
}

/** Between these two a table can be restored to any second. */
export interface RecoverySpan {
  readonly earliest: string;
  readonly latest: string;
}

export interface TableBackup {
  readonly name: string;
  readonly arn: string;
  /** The time of which it is. */
  readonly at: string;
  readonly isReady: boolean;
  readonly bytes: number;
}

/** All throw LessorError. */
export interface TablesControl {
  /** Undefined where there is none. */
  read(table: string): Promise<TableView | undefined>;
  /** Undefined where point-in-time recovery is off. */
  recoveryOf(table: string): Promise<RecoverySpan | undefined>;
  backUp(table: string, name: string): Promise<TableBackup>;
  backupsOf(table: string): Promise<readonly TableBackup[]>;
  /** Begins it: the table is made meanwhile. */
  restoreToTime(source: TableView, time: string, target: string): Promise<void>;
  restoreFromBackup(source: TableView | undefined, backupArn: string, target: string): Promise<void>;
  turnOnRecovery(table: string): Promise<void>;
  protect(table: string): Promise<void>;
  /** With new and old images. */
  turnOnStream(table: string): Promise<void>;
}
