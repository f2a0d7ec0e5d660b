/** One boot of a node's machine: the plugin's calls and the agent, until the power goes off. */
import { type Agent, createAgent } from '../cni-shim/agent/agent.ts';
import { type Metrics, makeMetrics } from '../cni-shim/agent/metrics.ts';
import { apiClient } from '../cni-shim/api/client.ts';
import { openOutage } from '../cni-shim/api/outage.ts';
import type { Limits } from '../cni-shim/api/time-limits.ts';
import { ANNOTATIONS } from '../cni-shim/cni/annotations.ts';
import type { OpenDatabase } from '../cni-shim/machine/database.ts';
import { type Environment, type Surroundings, machine as thisMachine } from '../cni-shim/machine/surroundings.ts';
import { type NodeRecords, openRecords } from '../cni-shim/node/node-records.ts';
import type { NodeAccess } from '../cni-shim/sync/node-access.ts';
import { run } from '../cni-shim/verbs/call.ts';
// What the plugin loads at its first call takes real time, which no seed knows of.
import '../cni-shim/cni/result.ts';
import '../cni-shim/verbs/carry-out.ts';
import { LessorError } from '../core/contract/problems.ts';
import { Namespaces } from '../test/cni-shim/agent/agent-scene.ts';
import { type Called, configuration } from '../test/cni-shim/in-process.ts';
import type { ServiceInWeather } from '../test/cni-shim/verbs/service-in-weather.ts';
import type { Chance } from '../test/linearizability/chance.ts';
import type { Disk } from './disk.ts';
import { killed } from './killed.ts';
import { patienceOf } from './repeatable.ts';
import type { Schedule } from './schedule.ts';
import type { Container } from './witness.ts';

export type Verb = 'ADD' | 'DEL';

/** What a boot is of a machine that a schedule moves. */
export interface BootAround {
  readonly chance: Chance;
  readonly schedule: Schedule;
  readonly clock: { now: number };
  /** How far this node's clock is off. */
  readonly skewMs?: number;
  /** The plugin's own if left out. */
  readonly limits?: Limits;
  /** A broken plugin's journal. */
  readonly journal?: ((open: OpenDatabase) => OpenDatabase) | undefined;
}

const DATA_DIR = '/data';
export const CONFIG = '/node.json';
const ENDPOINT = 'http://lessor.test';
const CREDENTIALS = { accessKeyId: 'AKIDTESTTESTTESTTEST', secretAccessKey: 'secret', sessionToken: 'token' };
const ENVIRONMENT: Environment = {
  LESSOR_CONFIG: CONFIG,
  AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
  AWS_SESSION_TOKEN: CREDENTIALS.sessionToken,
  CNI_IFNAME: 'eth0',
  CNI_PATH: '/usr/lib/cni',
};
/** Nobody reads a log here. */
export const NODE_JSON = JSON.stringify({
  endpoint: ENDPOINT,
  region: 'eu-central-1',
  dataDir: DATA_DIR,
  logFile: false,
});

const IDENTITY = 'lessor.dev/identity';
const stdins = new Map<string, string>();
/** As containerd calls it, which hands the pod's annotations over. */
function stdinOf({ network, identity }: Container): string {
  const name = `${network} ${identity}`;
  const annotations = identity === undefined ? {} : { runtimeConfig: { [ANNOTATIONS]: { [IDENTITY]: identity } } };
  const known =
    stdins.get(name) ??
    configuration({ ranges: undefined, pool: network, routes: undefined }, { name: network, ...annotations });
  stdins.set(name, known);
  return known;
}

class PowerLoss extends Error {}
function ensureOn(isOn: boolean): void {
  if (!isOn) throw new PowerLoss('the power is off');
}

export async function callOn(
  boot: Boot,
  verb: Verb,
  container: Container,
  schedule: Schedule,
  killedAfterMs: number | undefined,
): Promise<Called | undefined> {
  const { id, pod } = container;
  if (verb === 'ADD') boot.namespaces.begin(id);
  const env = {
    ...ENVIRONMENT,
    CNI_COMMAND: verb,
    CNI_CONTAINERID: id,
    CNI_NETNS: `/run/netns/${id}`,
    CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=${pod.namespace};K8S_POD_NAME=${pod.name}`,
  };
  const through = (surroundings: Surroundings) =>
    run({ ...surroundings, env }, () => stdinOf(container), boot.limits).catch((error: unknown) => {
      if (boot.isOn) throw error;
      return undefined;
    });
  const called =
    killedAfterMs === undefined
      ? await through(boot.surroundings)
      : await killed(boot.surroundings, schedule.timer(killedAfterMs), through);
  if (verb === 'DEL') boot.namespaces.end(id);
  if (!boot.isOn || called === undefined) return undefined;
  const { stdout, exitCode } = called;
  return { stdout, exitCode, printed: stdout === '' ? undefined : JSON.parse(stdout) };
}

type Command = (access: NodeAccess, networks: readonly NodeRecords[]) => Promise<unknown>;

export interface Boot {
  readonly isOn: boolean;
  readonly bootId: string;
  readonly namespaces: Namespaces;
  readonly surroundings: Surroundings;
  readonly limits: Limits | undefined;
  records(): NodeRecords;
  round(): Promise<void>;
  look(): Promise<void>;
  restartAgent(): void;
  command(run: Command): Promise<boolean>;
  end(): void;
}

interface Booted {
  readonly id: string;
  readonly bootId: string;
  readonly disk: Disk;
}

export function bootUp(booted: Booted, service: ServiceInWeather, around: BootAround): Boot {
  const { clock, schedule, chance, skewMs = 0, journal = (open) => open } = around;
  const namespaces = new Namespaces(booted.disk.files);
  let isOn = true;
  /** Where the power is off nothing is written any more, whoever is at it. */
  const guarded =
    <A extends unknown[], R>(act: (...args: A) => R) =>
    (...args: A): R => {
      ensureOn(isOn);
      return act(...args);
    };
  const open = journal(booted.disk.openDatabase);
  const surroundings: Surroundings = {
    ...thisMachine(ENVIRONMENT),
    bootId: () => booted.bootId,
    machineId: () => booted.id,
    files: namespaces.files,
    openDatabase: guarded((path) => {
      const { all, run, exec, close } = open(path);
      return { all: guarded(all), run: guarded(run), exec: guarded(exec), close };
    }),
    now: () => clock.now + skewMs,
    random: chance.next,
    async fetch(url, init) {
      ensureOn(isOn);
      const answer = await inTime(schedule, patienceOf(init?.signal), () => service.fetch(url, init));
      // Nobody is there any more to whom it could be told.
      ensureOn(isOn);
      return answer;
    },
    async sleep(milliseconds) {
      await schedule.after(milliseconds);
      ensureOn(isOn);
    },
  };
  const records = openRecords(surroundings, DATA_DIR);
  const metrics = makeMetrics('1.2.3');
  let agent = agentOf(surroundings, metrics, around.limits);
  let isRound = false;
  async function alone(act: () => Promise<void>): Promise<void> {
    if (isRound) return;
    isRound = true;
    await act().catch((error: unknown) => {
      if (isOn) throw error;
    });
    isRound = false;
  }
  return {
    get isOn() {
      return isOn;
    },
    bootId: booted.bootId,
    ...{ namespaces, surroundings, limits: around.limits },
    records: () => records,
    round: () => alone(() => agent.round()),
    look: () => alone(() => agent.look()),
    async command(run) {
      try {
        await run(accessOf(surroundings, around.limits), [openRecords(surroundings, DATA_DIR)]);
        return true;
      } catch (error) {
        if (isOn && !(error instanceof LessorError)) throw error;
        return false;
      }
    },
    restartAgent() {
      if (!isRound) agent = agentOf(surroundings, metrics, around.limits);
    },
    end() {
      isOn = false;
    },
  };
}

/** Whoever waits gives up after its time; what was sent is under way all the same. */
async function inTime<T>(schedule: Schedule, patience: number, act: () => Promise<T>): Promise<T> {
  if (!Number.isFinite(patience)) return act();
  const timer = schedule.timer(patience);
  const late = timer.over.then((): never => {
    throw Object.assign(new Error('no answer'), { name: 'TimeoutError' });
  });
  try {
    return await Promise.race([act(), late]);
  } finally {
    timer.cancel();
  }
}

/** What agent and commands work with. */
function accessOf(surroundings: Surroundings, limits: Limits | undefined): NodeAccess {
  const credentials = { get: async () => ({ credentials: CREDENTIALS, cached: false }) };
  const endpoint = new URL(ENDPOINT);
  return {
    ...{ surroundings, endpoint, dataDirs: [DATA_DIR], bootId: surroundings.bootId(), withoutJournal: [] },
    api: apiClient({ endpoint, region: 'eu-central-1', credentials, surroundings, ...(limits && { limits }) }),
    outages: [openOutage(openRecords(surroundings, DATA_DIR), surroundings.now)],
  };
}

const agentOf = (surroundings: Surroundings, metrics: Metrics, limits: Limits | undefined): Agent =>
  createAgent({
    ...accessOf(surroundings, limits),
    metrics,
    log: () => {},
    who: { version: '1.2.3', name: 'worker' },
    graceMs: 30_000,
  });
