/**
 * A node of the chaos run: the plugin's real code and the real agent, with a journal on a disk of its own. It can be cut off, lose
 * its power at any request, boot again, and get an old copy of its disk back.
 */
import { cpSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Agent, createAgent } from '../../cni-shim/agent/agent.ts';
import { type Metrics, makeMetrics } from '../../cni-shim/agent/metrics.ts';
import { apiClient } from '../../cni-shim/api/client.ts';
import { openOutage } from '../../cni-shim/api/outage.ts';
import type { Database, OpenDatabase } from '../../cni-shim/machine/database.ts';
import type { Surroundings } from '../../cni-shim/machine/surroundings.ts';
import { type NodeRecords, openRecords } from '../../cni-shim/node/node-records.ts';
import { leave, stay } from '../../cni-shim/sync/leave.ts';
import type { NodeAccess } from '../../cni-shim/sync/node-access.ts';
import { LessorError } from '../../core/contract/problems.ts';
// What the plugin loads at its first call takes real time, which no seed knows of.
import '../../cni-shim/cni/result.ts';
import '../../cni-shim/verbs/carry-out.ts';
import { Namespaces } from '../cni-shim/agent/agent-scene.ts';
import { type Called, configuration, Node } from '../cni-shim/in-process.ts';
import { api } from '../cni-shim/served-node.ts';
import type { ServiceInWeather } from '../cni-shim/verbs/service-in-weather.ts';
import type { Chance } from '../linearizability/chance.ts';
import { machineUnderNode } from '../support/machine-under-node.ts';
import type { Steps } from './steps.ts';
import type { Container } from './witness.ts';

export type Verb = 'ADD' | 'DEL';

export interface Machine {
  readonly id: string;
  readonly node: Node;
  readonly service: ServiceInWeather;
  /** `gone`: for good. */
  power: 'on' | 'off' | 'gone';
  /** Undefined where the power went off before it was over: nobody heard of it. */
  call(verb: Verb, container: Container): Promise<Called | undefined>;
  /** One round of the agent; nothing where another one is under way. */
  round(): Promise<void>;
  restartAgent(): void;
  /** `lessor leave`, and `--stay`: whether it ended well. A reboot makes the mark void. */
  leave(): Promise<boolean>;
  stay(): Promise<boolean>;
  isLeaving(): boolean;
  /** The container's sandbox is gone; no DEL need come. */
  sandboxEnds(container: string): void;
  records(): NodeRecords;
  powerOff(): void;
  boot(): void;
  /** Keeps a copy of the disk as it is; only the last one is kept. */
  copyDisk(): void;
  /** While the power is off: the disk is as the copy was. False where there is none. */
  restoreDisk(): boolean;
  remove(): void;
}

interface Around {
  readonly chance: Chance;
  readonly steps: Steps;
  readonly clock: { now: number };
  /** A broken plugin's journal. */
  readonly journal?: ((open: OpenDatabase) => OpenDatabase) | undefined;
}

const JOURNAL_FILE = '/node.db';

const stdinOf = (network: string): string =>
  configuration({ ranges: undefined, pool: network, routes: undefined }, { name: network });

class PowerLoss extends Error {}
function ensureOn(isOn: boolean): void {
  if (!isOn) throw new PowerLoss('the power is off');
}

export function machineOf(id: string, service: ServiceInWeather, { chance, steps, clock, journal }: Around): Machine {
  const node = new Node(api);
  node.machineId = id;
  const copy = join(node.directory, 'copy');
  let current: Boot;
  let boots = 0;
  const bootOf = (): Boot => {
    boots += 1;
    node.bootId = `${id}-boot-${boots}`;
    return bootUp(node, service, { chance, steps, clock, journal });
  };
  current = bootOf();
  const machine: Machine = {
    id,
    node,
    service,
    power: 'on',
    call: (verb, container) => callOn(node, current, verb, container),
    round: () => current.round(),
    restartAgent: () => current.restartAgent(),
    leave: () => current.command(leave),
    stay: () => current.command(stay),
    isLeaving: () => current.records().leaving.isLeaving(),
    sandboxEnds: (container) => current.namespaces.end(container),
    records: () => current.records(),
    powerOff() {
      machine.power = 'off';
      current.end();
    },
    boot() {
      machine.power = 'on';
      current = bootOf();
    },
    copyDisk() {
      rmSync(copy, { recursive: true, force: true });
      if (existsSync(node.dataDir)) cpSync(node.dataDir, copy, { recursive: true });
    },
    restoreDisk() {
      if (!existsSync(copy)) return false;
      rmSync(node.dataDir, { recursive: true, force: true });
      cpSync(copy, node.dataDir, { recursive: true });
      return true;
    },
    remove() {
      current.end();
      node.remove();
    },
  };
  return machine;
}

/** Undefined where the power went off meanwhile. */
async function callOn(
  node: Node,
  boot: Boot,
  verb: Verb,
  { id, network, pod }: Container,
): Promise<Called | undefined> {
  if (verb === 'ADD') boot.namespaces.begin(id);
  const env = {
    CNI_NETNS: `/run/netns/${id}`,
    CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=${pod.namespace};K8S_POD_NAME=${pod.name}`,
  };
  const called = await node
    .call(verb, id, { stdin: stdinOf(network), env, surroundings: boot.around() })
    .catch((error: unknown) => {
      if (boot.isOn) throw error;
      return undefined;
    });
  if (verb === 'DEL') boot.namespaces.end(id);
  return boot.isOn ? called : undefined;
}

type Command = (access: NodeAccess, networks: readonly NodeRecords[]) => Promise<unknown>;

interface Boot {
  readonly isOn: boolean;
  readonly namespaces: Namespaces;
  around(): Partial<Surroundings>;
  records(): NodeRecords;
  round(): Promise<void>;
  restartAgent(): void;
  command(run: Command): Promise<boolean>;
  end(): void;
}

function bootUp(
  node: Node,
  service: ServiceInWeather,
  { chance, steps, clock, journal = (open) => open }: Around,
): Boot {
  const namespaces = new Namespaces();
  const metrics = makeMetrics('1.2.3');
  let isOn = true;
  const { bootId } = node;
  const disk = diskOf(journal(machineUnderNode().openDatabase), () => isOn);
  const surroundings = (): Surroundings => ({ ...machineUnderNode(), ...node.here, bootId: () => bootId, ...around() });
  const around = (): Partial<Surroundings> => ({
    bootId: () => bootId,
    files: namespaces.files,
    openDatabase: disk.open,
    now: () => clock.now,
    random: chance.next,
    fetch: async (url, init) => {
      ensureOn(isOn);
      const answer = await service.fetch(url, init);
      // Nobody is there any more to whom it could be told.
      ensureOn(isOn);
      return answer;
    },
    sleep: async (milliseconds) => {
      clock.now += Math.ceil(milliseconds / 8);
      await steps.next();
    },
  });
  let agent = agentOf(node, surroundings(), metrics);
  let isRound = false;
  return {
    get isOn() {
      return isOn;
    },
    namespaces,
    around,
    records: () => openRecords(surroundings(), node.dataDir),
    async round() {
      if (isRound) return;
      isRound = true;
      await agent.round().catch((error: unknown) => {
        if (isOn) throw error;
      });
      isRound = false;
    },
    async command(run) {
      const here = surroundings();
      try {
        await run(accessOf(node, here), [openRecords(here, node.dataDir)]);
        return true;
      } catch (error) {
        if (isOn && !(error instanceof LessorError)) throw error;
        return false;
      }
    },
    restartAgent() {
      if (!isRound) agent = agentOf(node, surroundings(), metrics);
    },
    end() {
      isOn = false;
      disk.close();
    },
  };
}

/** What agent and commands work with. */
function accessOf({ dataDir }: Node, surroundings: Surroundings): NodeAccess {
  const credentials = { get: async () => ({ credentials: api.identity, cached: false }) };
  const limits = { attempt: 300, total: 300 };
  const endpoint = new URL(api.endpoint);
  return {
    ...{ surroundings, endpoint, dataDirs: [dataDir], bootId: surroundings.bootId(), withoutJournal: [] },
    api: apiClient({ endpoint, region: 'eu-central-1', credentials, surroundings, limits }),
    outages: [openOutage(openRecords(surroundings, dataDir), surroundings.now)],
  };
}

function agentOf(node: Node, surroundings: Surroundings, metrics: Metrics): Agent {
  return createAgent({
    ...accessOf(node, surroundings),
    metrics,
    log: () => {},
    who: { version: '1.2.3', name: 'worker' },
    graceMs: 30_000,
  });
}

/** One connection for all processes of a boot: opening a file anew costs more than all that they do with it. */
function diskOf(openDatabase: OpenDatabase, isOn: () => boolean): { readonly open: OpenDatabase; close(): void } {
  const opened = new Map<string, Database>();
  const guarded =
    <A extends unknown[], R>(act: (...args: A) => R) =>
    (...args: A): R => {
      ensureOn(isOn());
      return act(...args);
    };
  return {
    open: guarded((path) => {
      // What becomes a journal is closed before it does.
      if (!path.endsWith(JOURNAL_FILE)) return openDatabase(path);
      const database = opened.get(path) ?? openDatabase(path);
      opened.set(path, database);
      return {
        all: guarded((sql, ...values) => database.all(sql, ...values)),
        run: guarded((sql, ...values) => database.run(sql, ...values)),
        exec: guarded((sql) => database.exec(sql)),
        close: () => {},
      };
    }),
    close() {
      for (const database of opened.values()) database.close();
    },
  };
}
