/** What calls of the plugin take as whole processes, beside host-local's, and beside processes that do nothing. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { buildPlugin } from '../../cni-shim/build/build.ts';
import { writeNodeFiles } from '../../local/nodes/node-files.ts';
import { type Identity, REGION } from '../cni-shim/fake-api.ts';
import { startAgent } from './agent.ts';
import { emptyExecutable, HOST_LOCAL_MISSING, hostLocal } from './executables.ts';
import { type Contender, inTurn } from './in-turn.ts';
import { type Call, calls, type Plugin, requestsOf, runs } from './one-process.ts';
import type { Figure, Goal, Options, Section, Skipped } from './section.ts';
import { figureOf, type Samples } from './spread.ts';

const RANGES = [[{ subnet: '10.1.0.0/16' }]];
const DELEGATED_CONTAINER = 'delegated';
const ONLINE: Goal = { atMost: 3.5 };
const DELEGATED: Goal = { atMost: 3 };

export const plugin: Section = {
  name: 'process',
  what: "calls of the plugin on a warm node, as whole processes, against a server that answers at once, beside host-local's, and beside processes that do nothing",
  async run(options) {
    const peer = await hostLocal();
    if (peer === undefined) return { skipped: HOST_LOCAL_MISSING } satisfies Skipped;
    const directory = mkdtempSync(join(tmpdir(), 'lessor-bench-'));
    const api = await startApi();
    const { path } = await buildPlugin();
    const config = writeNodeFiles(directory, { endpoint: api.endpoint, region: REGION }, api.identity);
    const stopAgent = await startAgent(path, config);
    try {
      const ours = (ipam: object): Plugin => ({ executable: path, env: { LESSOR_CONFIG: config }, ipam });
      const dataDir = join(directory, 'host-local');
      return await measured(options, {
        hostLocal: { executable: peer.path, env: {}, ipam: { type: 'host-local', ranges: RANGES, dataDir } },
        online: ours({ type: 'lessor', ranges: RANGES }),
        delegated: ours({ type: 'lessor', pool: 'delegated' }),
        empty: await emptyExecutable(),
        log: join(directory, 'state', 'lessor.log'),
      });
    } finally {
      await stopAgent();
      api.stop();
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

interface Executables {
  readonly hostLocal: Plugin;
  readonly online: Plugin;
  readonly delegated: Plugin;
  readonly empty: string;
  /** Of the plugin. */
  readonly log: string;
}

async function measured({ quick, progress }: Options, made: Executables): Promise<Figure[]> {
  const { hostLocal: peer, online, delegated, empty, log } = made;
  const ofDelegated = (verb: string) => calls(delegated, verb, DELEGATED_CONTAINER);
  const contenders: Contender[] = [
    { name: '/bin/true', once: runs('/bin/true') },
    { name: "an empty executable of the plugin's compiler", once: runs(empty) },
    { name: 'host-local VERSION', once: calls(peer, 'VERSION') },
    { name: 'host-local ADD', once: before(calls(peer, 'ADD'), calls(peer, 'DEL')) },
    { name: 'host-local DEL', once: after(calls(peer, 'ADD'), calls(peer, 'DEL')) },
    { name: 'VERSION', once: calls(online, 'VERSION') },
    { name: 'STATUS', once: calls(online, 'STATUS') },
    { name: 'ADD, online', once: before(calls(online, 'ADD'), calls(online, 'DEL')) },
    { name: 'DEL, online', once: after(calls(online, 'ADD'), calls(online, 'DEL')) },
    { name: 'ADD, delegated', once: before(ofDelegated('ADD'), ofDelegated('DEL')) },
    { name: 'DEL, delegated', once: after(ofDelegated('ADD'), ofDelegated('DEL')) },
  ];
  const rounds = quick ? 2 : 100;
  const samples = await inTurn(contenders, { rounds, warmUp: quick ? 1 : 10, progress });
  // Two contenders, each of which calls ADD and DEL.
  const sent = requestsOf(log, DELEGATED_CONTAINER).slice(-4 * rounds);
  // Where the agent is late, the server's small block may be full for a moment.
  if (sent.filter((one) => one > 0).length > sent.length / 20)
    throw new Error('delegated calls asked the service: these are none of their figures');
  const of = (name: string): Samples => {
    const found = samples.find((one) => one.name === name);
    if (found === undefined) throw new Error(`${name} was not measured`);
    return found;
  };
  const beside = (name: string, other: string, goal?: Goal) => figureOf(of(name), of(other), 'ms', goal);
  const nothing = "an empty executable of the plugin's compiler";
  return [
    beside(nothing, '/bin/true'),
    beside('VERSION', 'host-local VERSION'),
    beside('STATUS', nothing),
    beside('ADD, online', 'host-local ADD', ONLINE),
    beside('ADD, delegated', 'host-local ADD', DELEGATED),
    beside('DEL, online', 'host-local DEL', ONLINE),
    beside('DEL, delegated', 'host-local DEL', DELEGATED),
    beside('ADD, delegated', nothing),
  ];
}

/** Measures the first; the other one puts things back. */
const before =
  (one: Call, putsBack: Call): Call =>
  async () => {
    const milliseconds = await one();
    await putsBack();
    return milliseconds;
  };

/** Measures the second; the other one gives it something to do. */
const after =
  (prepares: Call, one: Call): Call =>
  async () => {
    await prepares();
    return one();
  };

interface ApiProcess {
  readonly endpoint: string;
  readonly identity: Identity;
  stop(): void;
}

async function startApi(): Promise<ApiProcess> {
  const script = fileURLToPath(new URL('./api-process.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const { endpoint, identity } = JSON.parse(line) as Omit<ApiProcess, 'stop'>;
    return { endpoint, identity, stop: () => child.stdin.end() };
  }
  throw new Error('the API of the benchmark did not start');
}
