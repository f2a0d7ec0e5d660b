import type { Account } from '../../../core/protocol/node.ts';
import type { Dependencies } from '../dependencies.ts';
import type { InstanceLookup } from './instance-lookup.ts';

/** What evidence needs beside what every use case does. */
export interface EvidenceDependencies extends Dependencies {
  readonly instances: InstanceLookup;
  /** Of the deployment: where the function runs. */
  readonly own: Account & { readonly region: string };
  /** Other accounts whose events count, by their ids. */
  readonly otherAccounts: readonly string[];
}
