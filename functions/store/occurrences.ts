/** From the records of the pools table's stream to what happened. */
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { neverFilled } from '../../core/protocol/fill.ts';
import type { Occurrence } from '../../core/protocol/occurrence.ts';
import { blockFromText } from '../../core/protocol/slot-ref.ts';
import { deathOfItem, isDeath } from './dynamodb-deaths.ts';
import { fillOf } from './dynamodb-fills.ts';
import { blockState, nodeState } from './items.ts';

type Item = Record<string, unknown>;

/** As DynamoDB writes an item: each value under the name of its type. */
type Image = Parameters<typeof unmarshall>[0];

interface StreamRecord {
  readonly dynamodb?:
    | {
        readonly OldImage?: object | undefined;
        readonly NewImage?: object | undefined;
        readonly ApproximateCreationDateTime?: number | Date | undefined;
      }
    | undefined;
}

interface Change {
  readonly before: Item | undefined;
  readonly after: Item;
  /** (ms) As DynamoDB has it, to the second. */
  readonly at: number;
}

/**
 * What a record says; undefined where it is nothing that is told. An item that cannot be read is nothing, too: an error would keep
 * all that happens later waiting for a day.
 */
export function occurrence(record: StreamRecord): Occurrence | undefined {
  try {
    return occurrenceIn(record);
  } catch (cause) {
    console.error({ message: 'A change cannot be read, and is not told', cause: String(cause) });
    return undefined;
  }
}

function occurrenceIn({ dynamodb = {} }: StreamRecord): Occurrence | undefined {
  const { OldImage, NewImage, ApproximateCreationDateTime: created } = dynamodb;
  if (NewImage === undefined) return undefined;
  const [before, after = {}] = [OldImage, NewImage].map((image) => image && (unmarshall(image as Image) as Item));
  const at = created instanceof Date ? created.getTime() : (created ?? 0) * 1000;
  const pk = String(after.pk);
  if (pk.startsWith('N#')) return nodeDead({ before, after, at });
  if (pk.startsWith('P#')) return blockTurn({ before, after, at });
  if (pk.startsWith('FILL#')) return poolFilled({ before, after, at });
  return isDeath(after) ? swept({ before, after, at }) : undefined;
}

function nodeDead({ before, after }: Change): Occurrence | undefined {
  const id = String(after.pk).slice('N#'.length);
  const node = nodeState(id, after);
  const { incarnation, alive, diedAt } = node;
  if (alive || diedAt === undefined) return undefined;
  const was = before && nodeState(id, before);
  if (was !== undefined && !was.alive && was.incarnation === incarnation) return undefined;
  return { is: 'node-dead', node: id, incarnation, declaredAt: diedAt };
}

function swept({ before, after, at }: Change): Occurrence | undefined {
  const [was, death] = [before && deathOfItem(before), deathOfItem(after)];
  const freed = death.freed - (was?.freed ?? 0);
  const complete = death.sweptAt !== undefined && death.sweptAt !== was?.sweptAt;
  // The run that comes to the end first may find nothing left to free; later ones only look again.
  const isEnd = complete && was?.sweptAt === undefined && death.freed > 0;
  if (freed < 0 || (freed === 0 && !isEnd)) return undefined;
  return { is: 'swept', death, freed, complete, at };
}

function blockTurn({ before, after, at }: Change): Occurrence | undefined {
  const [, pool = ''] = String(after.pk).split('#');
  const key = { pool, block: blockFromText(String(after.sk)) };
  const [was, is] = [before && blockState(before), blockState(after)];
  const { generation } = is;
  if (is.state === 'claimed' && is.owner !== undefined) {
    // The same node's already, in an earlier boot or life of it, or before a fence that stopped.
    if (was?.owner?.node === is.owner.node) return undefined;
    return { is: 'block-claimed', key, generation, owner: is.owner, at };
  }
  if (is.state !== 'free' || was?.owner === undefined) return undefined;
  return { is: 'block-returned', key, generation, owner: was.owner, forced: was.forced, at };
}

function poolFilled({ before, after }: Change): Occurrence {
  const { level } = before === undefined ? neverFilled : fillOf(before);
  return { is: 'pool-filled', pool: String(after.pk).slice('FILL#'.length), before: level, fill: fillOf(after) };
}
