/** What an operator asks of pools, with what a request has by default. */
import * as z from 'zod/mini';
import { poolInput, poolPatch } from '../../core/contract/pool.ts';
import type { Call, Dependencies } from '../../functions/use-cases/dependencies.ts';
import { changePool } from '../../functions/use-cases/pools/change-pool.ts';
import { createPool } from '../../functions/use-cases/pools/create-pool.ts';
import { deletePool } from '../../functions/use-cases/pools/delete-pool.ts';
import type { PoolChange } from '../../functions/use-cases/pools/pool-view.ts';
import { callOf } from './world.ts';

type Input = Partial<z.input<typeof poolInput>>;
type Over = Partial<PoolChange>;

const SUBNET = [[{ subnet: '10.1.0.0/24' }]];
const changeOf = (over: Over): PoolChange => ({
  vrf: 'default',
  name: 'blue',
  ifMatch: undefined,
  dryRun: false,
  ...over,
});

export const create = (deps: Dependencies, input: Input = {}, dryRun = false) =>
  createPool(deps, z.parse(poolInput, { name: 'blue', ranges: SUBNET, ...input }), dryRun);
export const change = (deps: Dependencies, patch: z.input<typeof poolPatch>, over: Over = {}) =>
  changePool(deps, changeOf(over), z.parse(poolPatch, patch));
export const remove = (deps: Dependencies, over: Over = {}, call: Call = callOf('user/ann')) =>
  deletePool(deps, call, changeOf(over));
