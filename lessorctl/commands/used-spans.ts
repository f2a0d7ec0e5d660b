/** What of the addresses of one family is taken. */
import type { PoolView } from '../../core/contract/pool.ts';
import { type PlannedPrefix, readPrefix, spanOf, type TakenSpan } from '../plan/prefix.ts';

/** Whole subnets, though a range may use a part of it: a neighbour in the same subnet would be a surprise. */
export const usedSpans = (pools: readonly PoolView[], bits: number, kept: readonly PlannedPrefix[]): TakenSpan[] =>
  [...pools.flatMap(({ ranges }) => ranges.flat().map(({ subnet }) => readPrefix('subnet', subnet))), ...kept]
    .filter((prefix) => prefix.bits === bits)
    .map(spanOf);
