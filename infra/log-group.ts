/** The logs of functions and API: how long they are kept, and with which key. */
import { RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

export interface LogProps {
  readonly retention: RetentionDays;
  readonly encryptionKey: IKey | undefined;
}

export function logGroup(scope: Construct, id: string, { retention, encryptionKey }: LogProps): LogGroup {
  return new LogGroup(scope, id, {
    retention,
    removalPolicy: RemovalPolicy.DESTROY,
    ...(encryptionKey === undefined ? {} : { encryptionKey }),
  });
}
