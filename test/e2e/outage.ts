/**
 * Nodes that add and delete containers all the time while the API comes and goes. Afterwards: what every call said, who lives
 * with which address, and what the table and the journals have.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, vi } from 'vitest';
import { operatorClient } from '../../local/demo/operator.ts';
import type { CniAnswer } from '../../local/nodes/cni-runtime.ts';
import type { LocalStack } from '../../local/stack/stack.ts';
import { ApiWeather, type Weather } from './api-weather.ts';
import { heldTwice, leaseHistory } from './lease-history.ts';
import { type CallRecord, type Configuration, LoneNode } from './lone-node.ts';
import { Tenants } from './tenants.ts';

export interface OutageOptions {
  readonly stack: LocalStack;
  /** Of a network whose pool exists, and is in use by nobody else. */
  readonly configuration: Configuration;
  readonly nodes: number;
  /** One after the other, with clear weather before and after. */
  readonly weather: readonly { readonly is: Exclude<Weather, 'clear'>; readonly ms: number }[];
  /** Of clear weather before it, and after it. */
  readonly clearMs: readonly [number, number];
  /** Containers that are added and deleted at once on each node. */
  readonly streams?: number;
  /** Each node has its agent, until the weather is clear again: then it is killed. */
  readonly agents?: boolean;
  /** Between two calls of a stream. */
  readonly pauseMs?: number;
}

export interface StreamCall {
  readonly node: string;
  readonly verb: 'ADD' | 'DEL';
  readonly containerId: string;
  /** From its beginning to its end, in order. */
  readonly weather: readonly [Weather, ...Weather[]];
  readonly ms: number;
  /** The CNI error's; undefined where it succeeded. */
  readonly code: number | undefined;
}

/** `<node> <container> <address> …`, in order. */
type Leases = readonly string[];

export interface OutageReport {
  readonly calls: readonly StreamCall[];
  /** Addresses that two containers had at one time, by the answers that they got or by the table's history. */
  readonly conflicts: readonly string[];
  /** DELs that failed, or were not tried, while the API was away, and were repeated after it. */
  readonly repeated: number;
  /** What the outbox told the service after the outage, and what reconciling released. */
  readonly flushed: { readonly reported: number; readonly released: number; readonly failures: readonly string[] };
  readonly reconciled: number;
  /** What the plugin wrote in its logs, node by node. */
  readonly logged: readonly CallRecord[];
  /** Once all that is done. */
  readonly living: Leases;
  readonly journals: Leases;
  readonly table: Leases;
  /** Deletes the living ones, tells the service, and ends everything; what the table then still holds. */
  end(): Promise<Leases>;
}

/** After the API is back. */
const AGREED_WITHIN_MS = 30_000;
const ADDED_WITHIN_MS = 60_000;
/** Containers that a stream keeps. */
const KEPT = 4;

export async function outage(options: OutageOptions): Promise<OutageReport> {
  const { stack, configuration, nodes: count, weather, clearMs, streams = 2, pauseMs = 500, agents = false } = options;
  const api = await ApiWeather.over(stack.endpoint);
  const nodes: LoneNode[] = [];
  for (let index = 0; index < count; index++) nodes.push(await LoneNode.start(stack, stack.addNode(), api.endpoint));
  const tenants = new Tenants();
  const nodeOf = new Map<string, LoneNode>();
  const calls: StreamCall[] = [];
  const owed = new Set<string>();
  const addedIn = new Set<Weather>();

  const call = async (verb: 'ADD' | 'DEL', containerId: string): Promise<boolean> => {
    const node = nodeOf.get(containerId);
    if (node === undefined) throw new Error(`no node of ${containerId}`);
    if (verb === 'DEL') tenants.movesOut(containerId);
    const weatherSince = api.watch();
    if (verb === 'ADD') addedIn.add(weatherSince()[0]);
    const answer = await node.call(verb, containerId, configuration).ended;
    const { ok, ms } = answer;
    calls.push({ node: node.id, verb, containerId, weather: weatherSince(), ms, code: codeOf(answer) });
    if (ok && verb === 'ADD') tenants.movedIn(containerId, addressesIn(answer));
    if (ok && verb === 'DEL') owed.delete(containerId);
    if (!ok) owed.add(containerId);
    return ok;
  };

  let over = false;
  let containers = 0;
  const stream = async (node: LoneNode) => {
    const living: string[] = [];
    while (!over) {
      const containerId = `c${containers++}`;
      nodeOf.set(containerId, node);
      if (await call('ADD', containerId)) living.push(containerId);
      const oldest = living.length > KEPT ? living.shift() : undefined;
      if (oldest !== undefined) await call('DEL', oldest);
      await delay(pauseMs);
    }
  };
  const running = Promise.all(nodes.flatMap((node) => Array.from({ length: streams }, () => stream(node))));
  // A failure of one is told at the end, when it is waited for.
  running.catch(() => {});
  const runningAgents = agents ? nodes.map((node) => node.startAgent()) : [];
  await delay(clearMs[0]);
  for (const { is, ms } of weather) {
    await api.becomes(is);
    await delay(ms);
    // On a machine that has other work one call may take as long as that.
    await vi.waitFor(() => expect(addedIn).toContain(is), { timeout: ADDED_WITHIN_MS });
  }
  for (const agent of runningAgents) await agent.kill();
  await api.becomes('clear');
  await delay(clearMs[1]);
  over = true;
  await running;

  const repeated = owed.size;
  for (const containerId of [...owed]) await call('DEL', containerId);
  if (owed.size > 0) throw new Error(`DEL fails after the outage: ${[...owed].join(', ')}`);
  const flushed = { reported: 0, released: 0, failures: [] as string[] };
  let reconciled = 0;
  const flush = async () => {
    const until = Date.now() + AGREED_WITHIN_MS;
    for (const node of nodes) {
      for (let isDone = false; !isDone; ) {
        const { reported, released, failures } = await node.flush();
        flushed.reported += reported;
        flushed.released += released;
        // The service granted it to another container, which gave it back: it is reported once it has cooled.
        const lasting = failures.filter(({ error }) => error.code !== 'address.cooling' || Date.now() > until);
        flushed.failures.push(
          ...lasting.map(({ entry, error }) => `${entry.attachment.containerId}: ${error.message}`),
        );
        isDone = failures.length === lasting.length;
        if (!isDone) await delay(1000);
      }
    }
  };
  await flush();
  for (const node of nodes) reconciled += (await node.reconcile()).released.length;

  const operator = operatorClient(stack.endpoint, stack.region, stack.operator);
  const table = async () => {
    const { leases } = await operator.ask('listLeases', { path: { pool: configuration.name } });
    const held = leases.filter(({ state }) => state === 'held');
    return held.map(({ node, attachment, addresses }) => leaseText(node, attachment.containerId, addresses)).sort();
  };
  const journals = nodes.flatMap((node) =>
    node.entries().map(({ attachment, acknowledged, local }) => {
      const addresses = (acknowledged ?? local)?.addresses ?? [];
      return leaseText(
        node.id,
        attachment.containerId,
        addresses.map(({ address }) => address),
      );
    }),
  );
  const living = [...tenants.all].map(([id, addresses]) => leaseText(nodeOf.get(id)?.id ?? '', id, addresses));
  const found = { living: living.sort(), journals: journals.sort(), table: await table() };
  const conflicts = [...tenants.conflicts, ...heldTwice(await leaseHistory(stack))];
  const end = async () => {
    for (const id of [...tenants.all.keys()]) await call('DEL', id);
    await flush();
    for (const node of nodes) node.remove();
    await api.stop();
    return table();
  };
  const logged = nodes.flatMap((node) => node.calls());
  return { calls, conflicts, repeated, flushed, reconciled, logged, ...found, end };
}

const leaseText = (node: string, containerId: string, addresses: readonly string[]) =>
  [node, containerId, ...addresses].join(' ');

const codeOf = ({ ok, output }: CniAnswer): number | undefined =>
  ok ? undefined : ((output as { code?: number } | undefined)?.code ?? -1);

const addressesIn = ({ output }: CniAnswer): string[] =>
  (output as { ips: { address: string }[] }).ips.map(({ address }) => address);
