/** So many writes at once, and how long they took: ADDs through the function, and bare ones. */
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import pMap from 'p-map';
import { scatter } from '../../core/addresses/scatter.ts';
import type { SlotKey } from '../../core/protocol/slot-ref.ts';
import { type AskingNode, askingNode } from '../budgets/asking-node.ts';
import { eventOf } from '../functions/http/gateway-event.ts';
import { tables } from '../store/local-tables.ts';
import { BLOCK_SIZE, type FilledPool, leaseItem, type Place, podOf, podsHolding } from './function-store.ts';

/** Milliseconds of all of them together. */
export interface Taken {
  readonly wall: number;
  /** Of this process's processor: the function's and the client's work, not the store's. */
  readonly cpu: number;
}

let pods = 0;

export const nodesOf = ({ name }: FilledPool, of: string, count: number): AskingNode[] =>
  Array.from({ length: count }, (_, n) => askingNode(idOf(`${name} ${of} ${n}`), name));
const idOf = (text: string): string => `i-${scatter(text).toString(16).padStart(17, '0')}`;

/** One ADD of each node at the same time. Afterwards as many of the others leave: the pool stays as full as it was. */
export async function adds(place: Place, pool: FilledPool, nodes: readonly AskingNode[]): Promise<Taken> {
  const events = nodes.map((node) => {
    pods += 1;
    const request = node.next(Date.now());
    const attachment = { ...request.attachment, containerId: pods.toString(16).padStart(64, 'a') };
    const body = JSON.stringify({ ...request, attachment, pod: podOf(pods) });
    const userArn = `arn:aws:sts::123456789012:assumed-role/lessor-node/${node.node}`;
    return eventOf({ route: 'POST /v1/leases', userArn, body });
  });
  const [taken, answers] = await measured(events, place.handler);
  for (const [index, { statusCode, body = '' }] of answers.entries()) {
    if (statusCode !== 200) throw new Error(`an ADD was refused: ${body}`);
    nodes[index]?.answered(JSON.parse(body), Date.now());
  }
  await pMap(nodes, () => pool.leaveOne(), { concurrency: 8 });
  return taken;
}

/** Conditional PutItems of new items as long as a lease's. */
export async function puts({ client }: Place, count: number): Promise<Taken> {
  const commands = Array.from({ length: count }, () => {
    const { key, holding } = newLease();
    const Item = leaseItem(key, holding);
    return new PutCommand({ TableName: tables.leases, Item, ConditionExpression: 'attribute_not_exists(pk)' });
  });
  return (await measured(commands, (command) => client.send(command)))[0];
}

/** The conditional write that an ADD comes to, of slots that were never held, without the function around it. */
export async function holds({ bare }: Place, count: number): Promise<Taken> {
  const leases = Array.from({ length: count }, newLease);
  return (await measured(leases, ({ key, holding }) => bare.leases.hold(key, holding, 1)))[0];
}

function newLease() {
  pods += 1;
  const key: SlotKey = { pool: 'b'.repeat(16), block: BigInt(Math.floor(pods / BLOCK_SIZE)), slot: pods % BLOCK_SIZE };
  return { key, holding: podsHolding(pods) };
}

async function measured<T, R>(all: readonly T[], one: (each: T) => Promise<R>): Promise<[Taken, R[]]> {
  const [begun, busy] = [performance.now(), process.cpuUsage()];
  const results = await Promise.all(all.map(one));
  const wall = performance.now() - begun;
  const { user, system } = process.cpuUsage(busy);
  return [{ wall, cpu: (user + system) / 1000 }, results];
}
