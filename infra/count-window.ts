/** For how long changes of leases wait for others that are counted with them. */
import { Lazy } from 'aws-cdk-lib';
import { COUNT_WITHIN, COUNT_WITHIN_FOR_QUOTAS } from '../core/contract/limits.ts';
import type { DeclaredPool } from './pool-props.ts';

export interface CountWindow {
  /** Known for certain when the template is written: pools are declared after what they belong to. */
  readonly seconds: number;
  /** The same as text. */
  readonly text: string;
  /** To be told of each pool that the app declares. */
  note(pool: Pick<DeclaredPool, 'quota' | 'quotas'>): void;
}

/** @param given what the props say; else it is shorter where a declared pool has quotas, which go by the counters */
export function countWindow(given: number | undefined): CountWindow {
  let hasQuotas = false;
  const otherwise = () => (hasQuotas ? COUNT_WITHIN_FOR_QUOTAS : COUNT_WITHIN);
  return {
    seconds: given ?? Lazy.number({ produce: otherwise }),
    text: String(given ?? Lazy.string({ produce: () => String(otherwise()) })),
    note({ quota, quotas = {} }) {
      hasQuotas ||= quota !== undefined || Object.keys(quotas).length > 0;
    },
  };
}
