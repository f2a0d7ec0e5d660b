/** The stream of the pools table as DynamoDB writes it, over a store in memory: a record for each change of a node, a death, a block or a level. */
import { marshall } from '@aws-sdk/util-dynamodb';
import type { BlockState } from '../../core/protocol/block.ts';
import type { PoolFill } from '../../core/protocol/fill.ts';
import type { DeathKey, DeathRecord, NodeState } from '../../core/protocol/node.ts';
import type { BlockKey } from '../../core/protocol/slot-ref.ts';
import type { Store } from '../../core/store.ts';
import { ALIVE, DEAD, keys } from '../../functions/store/items.ts';
import { intercepted } from './intercepted.ts';

export interface TruthRecord {
  readonly dynamodb: {
    readonly Keys: { readonly pk: { readonly S: string } };
    readonly OldImage?: object;
    readonly NewImage: object;
    readonly SequenceNumber: string;
    readonly ApproximateCreationDateTime: number;
  };
}

type Item = Record<string, unknown> & { readonly pk: string };

const nodeItem = ({ id, alive, incarnation, boot, firstOfBoot, diedAt }: NodeState): Item => ({
  ...keys.node(id),
  ...{ st: alive ? ALIVE : DEAD, e: incarnation, boot, e1: firstOfBoot, diedAt },
});
const blockItem = (key: BlockKey, { state, generation, forced, owner }: BlockState): Item => ({
  ...keys.block(key),
  ...{ st: state, g: generation, nd: owner?.node, e: owner?.incarnation, boot: owner?.boot, j: owner?.journal },
  ...(forced ? { f: true } : {}),
});
const deathItem = ({ node, incarnation, reason, declaredBy, declaredAt, freed, sweptAt }: DeathRecord): Item => ({
  ...{ pk: 'DEATHS', sk: `${String(declaredAt).padStart(15, '0')}#${node}` },
  ...{ e: incarnation, why: reason, by: declaredBy, at: declaredAt, freed, swept: sweptAt },
});
const fillItem = (pool: string, fill: PoolFill): Item => ({ ...keys.fill(pool), ...fill });

const made = <T>(value: T | undefined, item: (value: T) => Item): Item | undefined =>
  value === undefined ? undefined : item(value);

/** What a write is about, as an item. */
function itemOf(store: Store, name: string, args: readonly unknown[]): Promise<Item | undefined> | undefined {
  const [first] = args;
  switch (name) {
    case 'join':
    case 'beginLife':
    case 'markDead':
      return store.nodes.readNode(String(first)).then((node) => made(node, nodeItem));
    case 'recordDeath':
    case 'recordSweep':
      return store.nodes.readDeath(first as DeathKey).then((death) => made(death, deathItem));
    case 'note':
      return store.fills.read(String(first)).then((fill) => made(fill, (one) => fillItem(String(first), one)));
    case 'claim':
    case 'takeUp':
    case 'fence':
    case 'abort':
    case 'finish':
      return store.blocks
        .read(first as BlockKey)
        .then((block) => made(block, (one) => blockItem(first as BlockKey, one)));
    default:
      return undefined;
  }
}

const image = (item: Item) => marshall(item, { removeUndefinedValues: true });

/** Write through `store`, one write at a time. */
export function truthRecords(base: Store, now: () => number): { store: Store; records: TruthRecord[] } {
  const records: TruthRecord[] = [];
  const store = intercepted(base, async (name, args, proceed) => {
    const before = await itemOf(base, name, args);
    const outcome = await proceed();
    const after = await itemOf(base, name, args);
    if (after !== undefined && JSON.stringify(before) !== JSON.stringify(after))
      records.push({
        dynamodb: {
          Keys: { pk: { S: after.pk } },
          ...(before === undefined ? {} : { OldImage: image(before) }),
          NewImage: image(after),
          SequenceNumber: String(7 + 3 * records.length),
          ApproximateCreationDateTime: Math.floor(now() / 1000),
        },
      });
    return outcome;
  });
  return { store, records };
}
