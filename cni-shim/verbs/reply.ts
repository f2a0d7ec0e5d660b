/** What is printed, and the exit code. */
import type { CniError } from '../cni/result.ts';

export interface Reply {
  /** Empty, or one JSON object. */
  readonly stdout: string;
  readonly exitCode: 0 | 1;
}

export const printed = (value: unknown): Reply => ({ stdout: `${JSON.stringify(value)}\n`, exitCode: 0 });
export const failed = (error: CniError): Reply => ({ ...printed(error), exitCode: 1 });
