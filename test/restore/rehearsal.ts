/**
 * A restore, rehearsed on DynamoDB Local by the very steps of `lessorctl restore`: tables as they were at T, attached to the service
 * after more was leased, and what then happens to the addresses of what lives. docs/restore.md is the page for it.
 */
import { PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { SlotReference } from '../../core/contract/ids.ts';
import type { AllocateResult } from '../../core/contract/lease.ts';
import { LessorError } from '../../core/contract/problems.ts';
import { documentClient } from '../../functions/store/dynamodb-client.ts';
import { dynamodbStore, type Tables } from '../../functions/store/dynamodb-store.ts';
import type { Dependencies } from '../../functions/use-cases/dependencies.ts';
import { reportLease } from '../../functions/use-cases/leases/report-lease.ts';
import { heartbeat } from '../../functions/use-cases/nodes/heartbeat.ts';
import { listLeases } from '../../functions/use-cases/questions/list-leases.ts';
import { createTables } from '../../local/aws/tables.ts';
import { tokenBucket } from '../../local/aws/throttle.ts';
import type { Route, UseCase } from '../cni-shim/service.ts';
import { create } from '../functions/pool-requests.ts';
import { add, addOf, attachmentOf, callOf, del, delOf, nonceOf, refusalOf, world } from '../functions/world.ts';
import { type LocalTables, tableOf } from '../store/local-tables.ts';
import { type Believing, believingNodes } from './believing-nodes.ts';
import { restoringDrill } from './restoring-drill.ts';

/** What is leased, and when; the words are those of the report. */
const LEASES = [
  { container: 1, node: 'i-1', pool: 'shared', at: 'before T, and released since' },
  { container: 2, node: 'i-1', pool: 'shared', at: 'before T' },
  { container: 3, node: 'i-1', pool: 'owned', at: 'before T' },
  { container: 4, node: 'i-2', pool: 'shared', at: 'since T' },
  { container: 5, node: 'i-1', pool: 'owned', at: 'since T, in a block claimed before' },
  { container: 6, node: 'i-2', pool: 'owned', at: 'since T, in a block claimed since' },
] as const;
type Container = (typeof LEASES)[number];

/** One container of the rehearsal, after the restore. */
export interface Row {
  readonly container: number;
  readonly leased: string;
  readonly address: string;
  readonly lives: boolean;
  /** Whether the restored tables have it. */
  readonly restored: boolean;
  /** Whether somebody else gets the address where the API is simply opened. */
  readonly handedOutAgain: boolean;
  /** Whether somebody else gets it where the nodes assert first. */
  readonly handedOutAfter: boolean;
  /** What the service says to the node that asserts it, or nothing where it need not. */
  readonly reported?: string;
}

/** A node with a block of its own, after the restore. */
export interface NodeRow extends Believing {
  /** Whether somebody else gets the address that it answers with in an outage. */
  readonly givenTwice: boolean;
}

export interface Rehearsal {
  /** What each step of the restore found, as it is told. */
  readonly steps: readonly string[];
  readonly rows: readonly Row[];
  readonly nodes: readonly NodeRow[];
  /** Of so many ADDs while the throttle is 0, so many come to a function. */
  readonly closed: { readonly asked: number; readonly admitted: number };
}

const LIVE: Tables = { pools: 'Pools', leases: 'Leases', history: 'History' };
const OPENED: Tables = { pools: 'PoolsOpened', leases: 'LeasesOpened', history: 'History' };

/** @param tables the live ones, empty @param instead use cases in place of the service's own: a broken service */
export async function rehearse(tables: LocalTables, instead?: ReadonlyMap<Route, UseCase>): Promise<Rehearsal> {
  const live = world(dynamodbStore(documentClient(), LIVE));
  const deps = live.environment();
  // Small: whoever asks long enough gets every address that is free.
  const ranges = (subnet: string) => [[{ subnet }]];
  await create(deps, { name: 'shared', ranges: ranges('10.1.0.0/28'), blockSize: 4, cooldownSeconds: 0 });
  const owned = { affinity: 'node' as const, maxBlocksPerNode: 4 };
  await create(deps, { name: 'owned', ranges: ranges('10.2.0.0/28'), blockSize: 4, cooldownSeconds: 0, ...owned });

  await create(deps, { name: 'blocks', ranges: ranges('10.3.0.0/28'), blockSize: 4, cooldownSeconds: 0, ...owned });

  const answers = new Map<number, AllocateResult>();
  const lease = async (one: Container) => answers.set(one.container, await add(deps, one.node, requestOf(one)));
  for (const one of LEASES.slice(0, 3)) await lease(one);
  const nodes = believingNodes('blocks', live.clock);
  await nodes.lease(deps, 'before T');
  const restoring = await restoringDrill(tables.endpoint, LIVE, live.clock);
  await restoring.plane.remember();
  for (const one of LEASES.slice(3)) await lease(one);
  await nodes.lease(deps, 'since T');
  const slotOf = (container: number) => (answers.get(container) as AllocateResult).slot;
  await del(deps, 'i-1', delOf(1, { attachment: attachmentOf(1, 'shared'), slot: slotOf(1), acknowledged: true }));

  try {
    const asked = 100;
    const steps: string[] = [...(await restoring.untilAttached(deps))];
    const admit = tokenBucket(restoring.throttle(), () => live.clock.now);
    const admitted = Array.from({ length: asked }, admit).filter(Boolean).length;
    const RESTORED: Tables = { ...restoring.target, history: 'History' };
    await copy(tables, RESTORED, OPENED);
    const restored = attached(RESTORED, live.clock);
    const [heldLive, heldRestored] = [await heldIn(deps), await heldIn(restored)];
    const given = await everythingFree(attached(OPENED, live.clock));
    const rows: Omit<Row, 'handedOutAfter'>[] = [];
    const looked: Believing[] = [];
    /** What the agents do once all routes but one are open. */
    const lookAll = async () => {
      for (const one of LEASES) {
        const address = addressOf(answers.get(one.container));
        const lives = heldLive.has(address);
        const row = { container: one.container, leased: `${one.at} (${one.pool})`, address, lives };
        const answer = answers.get(one.container) as AllocateResult;
        const reported = lives && !heldRestored.has(address) ? await reportTo(restored, one, answer) : undefined;
        const seen = { restored: heldRestored.has(address), handedOutAgain: lives && given.has(address) };
        rows.push({ ...row, ...seen, ...(reported === undefined ? {} : { reported }) });
      }
      looked.push(...(await nodes.look(restored, instead)));
      for (const node of ['i-1', 'i-2']) await heartbeat(restored, callOf(node), { boot: 'boot-1' });
      await nodes.heartbeat(restored);
    };
    steps.push(...(await restoring.untilOpen(restored, lookAll)));
    const givenAfter = await everythingFree(restored);
    return {
      steps,
      nodes: looked.map((one) => ({ ...one, givenTwice: one.inOutage !== undefined && givenAfter.has(one.inOutage) })),
      rows: rows.map((row) => ({ ...row, handedOutAfter: row.lives && givenAfter.has(row.address) })),
      closed: { asked, admitted },
    };
  } finally {
    nodes.remove();
    await restoring.stop();
  }
}

const requestOf = ({ container, pool }: Container) =>
  addOf(container, { attachment: attachmentOf(container, pool), pool: { vrf: 'default', name: pool } });

const addressOf = (answer: AllocateResult | undefined): string => answer?.addresses[0]?.address ?? 'none';

/** The service over other tables, in an environment that remembers nothing: as a deployment starts. */
const attached = (tables: Tables, clock: { readonly now: number }): Dependencies =>
  world(dynamodbStore(documentClient(), tables)).environment({ now: () => clock.now });

async function heldIn(deps: Dependencies): Promise<Set<string>> {
  const held = new Set<string>();
  for (const name of ['shared', 'owned']) {
    const { leases } = await listLeases(deps, callOf('ann'), { vrf: 'default', name, cursor: undefined });
    for (const { state, addresses } of leases) if (state === 'held') for (const one of addresses) held.add(one);
  }
  return held;
}

/** What new containers get until nothing is left. */
async function everythingFree(deps: Dependencies): Promise<Set<string>> {
  const given = new Set<string>();
  for (const name of ['shared', 'owned', 'blocks']) {
    for (let container = 100; ; container += 1) {
      const request = addOf(container, { attachment: attachmentOf(container, name), pool: { vrf: 'default', name } });
      const outcome = await add(deps, 'i-9', request).catch((error: unknown) => error);
      if (outcome instanceof LessorError && outcome.code === 'pool.exhausted') break;
      if (outcome instanceof Error) throw outcome;
      given.add(addressOf(outcome as AllocateResult));
    }
  }
  return given;
}

/** As a node asserts what lives on it and is not held. */
async function reportTo(deps: Dependencies, one: Container, { slot }: AllocateResult): Promise<string> {
  const attachment = attachmentOf(one.container, one.pool);
  const report = {
    attachment,
    nonce: nonceOf(one.container),
    boot: 'boot-1',
    slot: slot as SlotReference,
    generation: 1,
    again: true as const,
  };
  const answered = reportLease(deps, callOf(one.node), report);
  return answered.then(
    () => 'held again',
    async () => (await refusalOf(reportLease(deps, callOf(one.node), report))).code,
  );
}

/** Another one with the same items. */
async function copy({ endpoint }: LocalTables, from: Tables, to: Tables): Promise<void> {
  await createTables(endpoint, [tableOf(to.pools), tableOf(to.leases)]);
  const client = documentClient();
  for (const which of ['pools', 'leases'] as const) {
    const { Items = [], LastEvaluatedKey } = await client.send(new ScanCommand({ TableName: from[which] }));
    if (LastEvaluatedKey !== undefined) throw new Error(`${from[which]} has more than one page`);
    for (const Item of Items) await client.send(new PutCommand({ TableName: to[which], Item }));
  }
}

/** As a table for people. */
export function textOf({ rows, nodes, closed }: Rehearsal): string {
  const yes = (is: boolean) => (is ? 'yes' : 'no');
  const lines = rows.map(
    ({ container, leased, address, lives, restored, handedOutAgain, reported = '-', handedOutAfter }) =>
      [
        container,
        leased,
        address,
        yes(lives),
        yes(restored),
        handedOutAgain ? 'YES' : 'no',
        reported,
        yes(handedOutAfter),
      ].join(' | '),
  );
  return [
    '| container | leased | address | lives | in the restored tables | handed out again if simply opened | its node asserts it | and then handed out again |',
    '|---|---|---|---|---|---|---|---|',
    ...lines.map((line) => `| ${line} |`),
    '',
    '| node | its block was claimed | a container lives in it | believed in before the node looks | and afterwards | answered from in an outage | and given to another |',
    '|---|---|---|---|---|---|---|',
    ...nodes.map(({ node, claimed, holds, believed, believes, inOutage, givenTwice }) => {
      const answered = yes(inOutage !== undefined);
      return `| ${[node, claimed, yes(holds), yes(believed), yes(believes), answered, givenTwice ? 'YES' : 'no'].join(' | ')} |`;
    }),
    '',
    `With the throttle at 0, ${closed.admitted} of ${closed.asked} ADDs come to a function.`,
  ].join('\n');
}
