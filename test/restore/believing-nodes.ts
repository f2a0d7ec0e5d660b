/** The nodes' side of a restore: in which blocks a node believes, before and after its look at the restored tables. */
import { apiClient } from '../../cni-shim/api/client.ts';
import { openRecords } from '../../cni-shim/node/node-records.ts';
import { reconcile } from '../../cni-shim/sync/reconcile.ts';
import { routes } from '../../core/contract/routes.ts';
import type { Dependencies } from '../../functions/use-cases/dependencies.ts';
import { ownLeases } from '../../functions/use-cases/leases/own-leases.ts';
import { heartbeat } from '../../functions/use-cases/nodes/heartbeat.ts';
import type { FakeApi } from '../cni-shim/fake-api.ts';
import { configuration, Node } from '../cni-shim/in-process.ts';
import { type Route, type Service, serviceFor, type UseCase } from '../cni-shim/service.ts';
import { callOf } from '../functions/world.ts';
import { machineUnderNode } from '../support/machine-under-node.ts';

const identity = { accessKeyId: 'AKIDTESTTESTTESTTEST', secretAccessKey: 'secret', sessionToken: 'token' };
const api = { endpoint: 'http://lessor.test', identity } as unknown as FakeApi;
const limits = { attempt: 300, total: 300 };

/** Nodes with a block of their own in one pool; the words are those of the report. */
const NODES = [
  { node: 'i-4', claimed: 'before T', holds: false },
  { node: 'i-5', claimed: 'since T', holds: true },
  { node: 'i-6', claimed: 'since T', holds: false },
] as const;

export interface Believing {
  readonly node: string;
  readonly claimed: string;
  /** Whether a container lives in the block. */
  readonly holds: boolean;
  /** Whether it would be answered from in an outage, were it not for the look at the table. */
  readonly believed: boolean;
  /** Whether it is after that look. */
  readonly believes: boolean;
  /** The address that an ADD has of it in an outage after that look. */
  readonly inOutage?: string;
}

/** A service of before it said which blocks are whose. */
export const saysNothingOfBlocks: ReadonlyMap<Route, UseCase> = new Map<Route, UseCase>([
  [
    routes.ownLeases,
    async (deps, call, { cursor }: { cursor?: string }) => {
      const { blocks: _, ...page } = await ownLeases(deps, call, cursor);
      return page;
    },
  ],
]);

export interface BelievingNodes {
  /** Each claims its block, as far as it is time. */
  lease(deps: Dependencies, claimed: 'before T' | 'since T'): Promise<void>;
  /** Each looks at the tables of `deps`, and is then asked for an address while nobody answers. */
  look(deps: Dependencies, instead?: ReadonlyMap<Route, UseCase>): Promise<readonly Believing[]>;
  /** Each says that it is up, as its agent does it then. */
  heartbeat(deps: Dependencies): Promise<void>;
  remove(): void;
}

/** @param pool with affinity `node` @param clock of the service, which the nodes share */
export function believingNodes(pool: string, clock: { now: number }): BelievingNodes {
  const stdin = configuration({ ranges: undefined, pool, routes: undefined });
  const nodes = NODES.map((one) => ({ ...one, machine: new Node(api) }));
  const around = (service: Service) => ({
    fetch: service.fetch,
    now: () => clock.now,
    sleep: async (milliseconds: number) => {
      clock.now += milliseconds;
    },
  });
  const call = (machine: Node, verb: string, container: string, service: Service) =>
    machine.call(verb, container, { stdin, surroundings: around(service) });
  const recordsOf = (machine: Node, service: Service) => {
    const surroundings = { ...machineUnderNode(), ...machine.here, ...around(service) };
    return { surroundings, records: openRecords(surroundings, machine.dataDir) };
  };
  return {
    async lease(deps, claimed) {
      for (const { machine, ...one } of nodes.filter((each) => each.claimed === claimed)) {
        const service = serviceFor(deps, one.node);
        const added = await call(machine, 'ADD', 'first', service);
        if (added.exitCode !== 0) throw new Error(added.stdout);
        if (!one.holds) await call(machine, 'DEL', 'first', service);
      }
    },
    async look(deps, instead) {
      const rows: Believing[] = [];
      for (const { machine, ...one } of nodes) {
        const service = serviceFor(deps, one.node, instead);
        const { records, surroundings } = recordsOf(machine, service);
        const believes = () => records.caches().some(({ blocks }) => blocks.length > 0);
        const believed = believes();
        const credentials = { get: async () => ({ credentials: identity, cached: false }) };
        const client = { endpoint: new URL(api.endpoint), region: 'eu-central-1', credentials, surroundings, limits };
        await reconcile({ api: apiClient(client), bootId: machine.bootId, candidates: [records] });
        const stillBelieves = believes();
        service.fate = () => 'unreachable';
        const { exitCode, printed } = await call(machine, 'ADD', 'in-outage', service);
        const answered = exitCode === 0 ? { inOutage: String(printed.ips[0].address) } : {};
        rows.push({ ...one, believed, believes: stillBelieves, ...answered });
      }
      return rows;
    },
    async heartbeat(deps) {
      for (const { machine, node } of nodes) await heartbeat(deps, callOf(node), { boot: machine.bootId });
    },
    remove: () => {
      for (const { machine } of nodes) machine.remove();
    },
  };
}
