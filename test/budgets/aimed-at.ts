/** What each operation was meant to cost, beside what it does: docs/budgets.md says why where it is more. */
import type { Costs } from './meter.ts';

const costs = (requests: number, writeUnits: number, readUnits: number): Costs => ({ requests, writeUnits, readUnits });

/** By the names of operations.ts. */
export const aimedAt: Readonly<Record<string, Costs>> = {
  'ADD, warm': costs(1, 1, 0),
  'ADD, an environment that has seen neither pool nor node': costs(2, 1, 1),
  'ADD, repeated after a lost answer': costs(1, 1, 0),
  'ADD, the proposed slot is taken': costs(3, 3, 2),
  'DEL, address known': costs(1, 1, 0),
  'DEL, repeated': costs(1, 1, 0),
  'DEL, address unknown, 16 blocks joined': costs(3, 2, 2),
  'first ADD of a node, with a block of its own: register, claim, allocate': costs(5, 6, 0),
  'report of a lease that a node took by itself': costs(1, 1, 0),
  '25 leases that a node took by itself, in one batch': costs(25, 25, 0),
  'the releases of 25 of them, in one batch': costs(25, 25, 0),
  'CHECK of one slot': costs(1, 0, 1),
  'STATUS of a pool that is named': costs(1, 0, 1),
  'a node says that it is up': costs(2, 1, 1),
  'a node’s own leases, one block with 63 of them': costs(2, 0, 3),
  'reclaim of a dead node’s block': costs(69, 66, 5),
};
