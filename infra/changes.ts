/** What follows from the stream of leases: the history table, and who may read and write it. */
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { environment } from '../core/contract/environment.ts';
import { HISTORY_DAYS } from '../core/contract/limits.ts';
import type { LessorFunctionName } from './function-names.ts';
import type { LessorFunction } from './lessor-function.ts';
import type { LessorProps } from './lessor-props.ts';
import { StoreTable } from './store-table.ts';

/** With the construct's own path, since its logical id is for good. */
export function historyTable(
  scope: Construct,
  { tables }: Pick<LessorProps, 'tables'>,
  encryptionKey: IKey | undefined,
): StoreTable {
  const attach = tables?.history === undefined ? undefined : { table: tables.history };
  return new StoreTable(scope, 'History', environment.historyTable, { attach, encryptionKey, timeToLive: 'ttl' });
}

/** `changes` writes what is over, `operate` is asked and notes who changed what, `reclaim` notes how full pools are. */
export function connectHistory(
  history: StoreTable,
  functions: Readonly<Record<LessorFunctionName, LessorFunction>>,
  { historyDays = HISTORY_DAYS }: Pick<LessorProps, 'historyDays'>,
): void {
  const { changes, operate, reclaim } = functions;
  history.grant(changes, 'PutItem', 'UpdateItem');
  history.grant(operate, 'PutItem', 'Query');
  history.grant(reclaim, 'PutItem', 'Query');
  for (const lambda of [changes, operate, reclaim]) lambda.addEnvironment(environment.historyDays, String(historyDays));
}
