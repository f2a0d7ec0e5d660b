/** Many nodes that claim at once: no block goes to two, and the requests of each are few. */
import { describe, expect, it } from 'vitest';
import type { Store } from '../../../../core/store.ts';
import { documentClient, patient } from '../../../../functions/store/dynamodb-client.ts';
import { dynamodbStore } from '../../../../functions/store/dynamodb-store.ts';
import { resolvePool } from '../../../../functions/use-cases/add/resolve-pool.ts';
import { claimBlock } from '../../../../functions/use-cases/blocks/claim-block.ts';
import type { Dependencies } from '../../../../functions/use-cases/dependencies.ts';
import { join } from '../../../../functions/use-cases/nodes/membership.ts';
import { localTables, tables } from '../../../store/local-tables.ts';
import { memoryStore } from '../../../store/memory-store.ts';
import { counted } from '../../intercepted.ts';
import { named, ownedPool } from '../../owned-pool.ts';
import { world } from '../../world.ts';

const NODES = 1_000;
/** Lambda environments, each of which answers one request after the other. */
const ENVIRONMENTS = 50;

async function claimsAtOnce(store: Store, { blocks, claimed, nodes = NODES, id = 'a'.repeat(16) }: Crowd) {
  const here = world(store);
  const pool = await ownedPool(here, { blocks, blockSize: 1, id });
  const other = { node: 'i-other', incarnation: 1, boot: 'b', journal: 'j' };
  const taken = Array.from({ length: blocks }, (_, block) => block).filter((block) => (block * 7919) % 100 < claimed);
  for (let next = 0; next < taken.length; next += 64)
    await Promise.all(
      taken.slice(next, next + 64).map((block) => store.blocks.claim({ pool: id, block: BigInt(block) }, other)),
    );
  let requests = 0;
  const answers: bigint[] = [];
  const one = async (deps: Dependencies, n: number) => {
    const node = `i-0${(n * 2654435761).toString(16)}`;
    const own = new Map<bigint, number>();
    const claimant = { node, boot: `boot-of-${node}`, journal: 'j' };
    const known = await resolvePool(deps, named, id);
    const before = deps.store;
    const noted = counted(before);
    const mine = { ...deps, store: noted.store };
    const found = await claimBlock({
      deps: mine,
      pool: known,
      claimant,
      own,
      join: (some) =>
        join(
          mine,
          { caller: node },
          some.map((block) => `${id}:${block.toString(16)}`),
          claimant.boot,
        ),
      ensureTime: () => undefined,
    });
    // Without those by which a new node comes to be listed: a join that is refused, and the listing.
    requests += noted.requests.length - (noted.requests.includes('noteListed') ? 2 : 0);
    if (found) answers.push(found.block);
  };
  await Promise.all(
    Array.from({ length: ENVIRONMENTS }, async (_, environment) => {
      const deps = here.environment();
      for (let n = environment; n < nodes; n += ENVIRONMENTS) await one(deps, n);
    }),
  );
  return { pool, answers, average: requests / nodes };
}

interface Crowd {
  readonly blocks: number;
  /** Hundredths of the blocks that others have. */
  readonly claimed: number;
  readonly nodes?: number;
  readonly id?: string;
}

describe('a thousand nodes that claim a block at the same moment', () => {
  it.each<[string, Crowd]>([
    ['an empty pool of 4,096 blocks', { blocks: 4096, claimed: 0 }],
    ['a pool that is 94 % full', { blocks: 32_768, claimed: 94 }],
  ])('in %s get one each, by no more than four requests on average', async (_, crowd) => {
    const store = memoryStore();
    if (crowd.blocks > 4096) {
      const { openPool } = store.pools;
      await ownedPool({ store }, { blocks: crowd.blocks, blockSize: 1 });
      await openPool('a'.repeat(16), 4096n, BigInt(crowd.blocks));
    }
    const { answers, average } = await claimsAtOnce(store, crowd);
    expect(new Set(answers).size).toBe(NODES);
    expect(average).toBeLessThanOrEqual(4);
  });

  it('in DynamoDB get one each as well', async () => {
    const local = await localTables();
    try {
      const { answers, average } = await claimsAtOnce(dynamodbStore(documentClient(patient), tables), {
        blocks: 4096,
        claimed: 0,
      });
      expect(new Set(answers).size).toBe(NODES);
      expect(average).toBeLessThanOrEqual(4);
    } finally {
      await local.stop();
    }
  });

  it('of which there are only as many blocks as nodes, get all of them', async () => {
    const { answers } = await claimsAtOnce(memoryStore(), { blocks: 300, claimed: 0, nodes: 300 });
    expect(new Set(answers).size).toBe(300);
  });
});
