/** Leases in DynamoDB: one conditional write a slot, one strongly consistent Query a block. */
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import {
  type Against,
  against,
  againstHolding,
  allows,
  type Ending,
  endedAtOf,
  type Holding,
  type SlotOperation,
  type SlotState,
} from '../../core/protocol/lease.ts';
import type { SlotKey } from '../../core/protocol/slot-ref.ts';
import type { LeaseStore } from '../../core/store.ts';
import { conditional, queryAll, readItem } from './dynamodb-client.ts';
import { conditionOf, valuesIn } from './expressions.ts';
import { FREE, HELD, keys, slotItem, slotOf, slotState } from './items.ts';

const RELEASED = 'SET s = :free, r = :reusableAt, x = :endedAt';
const EVICTED = `${RELEASED}, g = :generation`;
const ADVANCED = 'SET s = :free, g = :generation, r = if_not_exists(r, :never)';
/**
 * Beside the conditions of the operation, which decide whether a slot is held: it is from when the last lease ended there, at the
 * earliest. Who asks may have another clock, or have begun before that.
 */
const NOT_BEFORE = 'attribute_not_exists(x) OR x <= :at';
/** Beside those of an ending (`endedAtOf`). */
const IN_ORDER = '(attribute_not_exists(x) OR x <= :endedAt)';
/** Each but the first where the slot is another than the one before took it for. */
const TRIES = 4;
const states = { ':held': HELD, ':free': FREE };

/** Reads of a search: what says whether a slot can be had, and by which nonce it was leased last. */
const USE = 'sk, s, g, r, n';

/** What a write makes of a slot: an update expression, with the names in it, and values for it and for the condition. */
interface Change {
  readonly update: string;
  readonly names?: Record<string, string>;
  readonly values: Record<string, unknown>;
  readonly condition?: string;
}

/** Every write of a slot: one conditional update, by its operation. Its values are marshalled here: the document client goes through a request three times. */
const writing =
  (client: DynamoDBDocumentClient, table: string) => async (key: SlotKey, operation: SlotOperation, change: Change) => {
    const { update, names, values, condition = conditionOf(operation) } = change;
    const outcome = await conditional(() =>
      client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: marshall(keys.slot(key)),
          UpdateExpression: update,
          ConditionExpression: condition,
          ...(names && { ExpressionAttributeNames: names }),
          ExpressionAttributeValues: marshall(valuesIn(`${update} ${condition}`, { ...states, ...values })),
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      ),
    );
    return outcome.done
      ? { done: true as const }
      : { done: false as const, current: outcome.item && slotState(outcome.item) };
  };

/** Both ways in which a slot comes to be held. */
const occupying =
  (write: ReturnType<typeof writing>) =>
  async (
    operation: 'hold' | 'assert',
    key: SlotKey,
    holding: Holding,
    { generation, sticky }: { generation: number; sticky: boolean },
  ) => {
    const compared = againstHolding(holding, generation, sticky);
    const keptFor = compared.identity !== '' ? 'identity' : compared.podName !== '' ? 'pod' : 'nobody';
    const condition = `(${conditionOf(operation, keptFor)}) AND (${NOT_BEFORE})`;
    const put = async (heldAt: number) => {
      const { values, ...replaced } = replacement(slotItem({ ...holding, heldAt }, generation));
      const all = { ...valuesOf(compared), ...values };
      const { done, ...found } = await write(key, operation, { ...replaced, values: all, condition });
      return done ? { held: true as const } : { held: false as const, current: undefined, ...found };
    };
    let outcome = await put(holding.heldAt);
    for (let tries = 1; tries < TRIES && !outcome.held; tries += 1) {
      const endedAt = outcome.current?.endedAt;
      if (endedAt === undefined || !allows(operation, outcome.current, compared)) break;
      outcome = await put(endedAt);
    }
    return outcome;
  };

/** All ways in which a slot comes to be free. Whether its lease was an identity's nobody knows before, and hardly any was. */
const freeing =
  (write: ReturnType<typeof writing>) =>
  async (
    key: SlotKey,
    operation: SlotOperation,
    values: Partial<Against>,
    { endedAt: said, reusableAt, keptUntil }: Ending,
    update = RELEASED,
  ) => {
    const put = (endedAt: number, isKept: boolean) => {
      const ending = { endedAt, reusableAt: isKept ? keptUntil : reusableAt };
      // Each of these operations has one alternative, and DynamoDB refuses parentheses within parentheses.
      const ofSuch = keptUntil === undefined ? '' : ` AND attribute_${isKept ? 'exists' : 'not_exists'}(id)`;
      const condition = `${conditionOf(operation)}${ofSuch} AND ${IN_ORDER}`;
      return write(key, operation, { update, values: valuesOf({ ...values, ...ending }), condition });
    };
    let outcome = await put(said, false);
    for (let tries = 1; tries < TRIES && !outcome.done; tries += 1) {
      const { current } = outcome;
      if (current === undefined || !allows(operation, current, against(values))) break;
      outcome = await put(endedAtOf(current, said), keptUntil !== undefined && current.holding?.identity !== undefined);
    }
    const { done, ...found } = outcome;
    return done ? { released: true as const } : { released: false as const, current: undefined, ...found };
  };

export function dynamodbLeases(client: DynamoDBDocumentClient, table: string): LeaseStore {
  const write = writing(client, table);
  const occupy = occupying(write);
  const free = freeing(write);
  return {
    hold: (key, holding, generation, sticky = false) => occupy('hold', key, holding, { generation, sticky }),

    assert: (key, holding, generation) => occupy('assert', key, holding, { generation, sticky: false }),

    release: (key, by, ending) => free(key, 'release', by, ending),

    async sweep(key, by, ending) {
      return (await free(key, 'sweep', by, ending)).released;
    },

    async advance(key, generation) {
      return (await write(key, 'advance', { update: ADVANCED, values: valuesOf({ generation, never: 0 }) })).done;
    },

    async evict(key, generation, ending) {
      return (await free(key, 'evict', { generation }, ending, EVICTED)).released;
    },

    async readSlot(key) {
      const item = await readItem(client, table, keys.slot(key));
      return item && slotState(item);
    },

    async readBlock(key, nonce) {
      const partition = keys.slots(key);
      const read = await queryAll(client, table, partition, nonce === undefined ? undefined : USE);
      // Hardly ever one: who holds it is read with it. By a Query, since who searches may not read single slots.
      const isOwn = ({ n }: Record<string, unknown>) => nonce !== undefined && n === nonce;
      const own = read.some(isOwn) ? (await queryAll(client, table, partition)).filter(isOwn) : [];
      const items = [...read, ...own];
      return new Map<number, SlotState>(items.map((item) => [slotOf(item), slotState(item)]));
    },
  };
}

type HolderItem = ReturnType<typeof slotItem>;
/** The values by which the attributes of a holder are written: those of the condition where it compares with the same, so that each is sent once. */
const VALUES: Readonly<Record<keyof HolderItem, string>> = {
  s: ':held',
  g: ':generation',
  o: ':containerId',
  i: ':ifname',
  w: ':network',
  n: ':nonce',
  nd: ':node',
  e: ':incarnation',
  r: ':never',
  at: ':at',
  ns: ':namespace',
  p: ':podName',
  u: ':uid',
  id: ':identity',
};
/** A reserved word of DynamoDB. */
const names = { '#at': 'at' };
const nameOf = (attribute: string): string => (attribute === 'at' ? '#at' : attribute);

/** A new holder takes the place of the last one, all but `x`: when that one's lease ended is what history is complete by. */
function replacement(item: HolderItem) {
  const attributes = Object.keys(VALUES) as (keyof HolderItem)[];
  const set = attributes.filter((name) => item[name] !== undefined);
  const absent = attributes.filter((name) => item[name] === undefined);
  const remove = absent.length === 0 ? '' : ` REMOVE ${absent.map(nameOf).join(', ')}`;
  return {
    update: `SET ${set.map((name) => `${nameOf(name)} = ${VALUES[name]}`).join(', ')}${remove}`,
    names,
    values: Object.fromEntries(set.map((name) => [VALUES[name], item[name]])),
  };
}

const valuesOf = (values: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`:${name}`, value]));
