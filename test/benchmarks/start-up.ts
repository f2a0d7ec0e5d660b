/**
 * What a warm ADD and a VERSION of the compiled plugin take as whole processes, beside host-local's, in the same run:
 * `npm run bench:start-up [-- --runs 200]`. Each round calls every command once, in turn, so that a machine whose speed
 * drifts slows all of them. DEL follows each ADD outside of the measured time. `/bin/true` shows what starting any
 * process costs here; nothing is subtracted.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildPlugin } from '../../cni-shim/build/build.ts';
import { type Identity, REGION } from '../cni-shim/fake-api.ts';

const HOST_LOCAL = '/usr/lib/cni/host-local';
const WARM_UP = 10;
const CONTAINER = 'benchmark';

interface Command {
  readonly name: string;
  readonly executable: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
  /** Called after each measured run, outside of the measured time. */
  readonly after?: Command;
}

interface ApiProcess {
  readonly endpoint: string;
  readonly identity: Identity;
  stop(): void;
}

async function startApi(): Promise<ApiProcess> {
  const script = fileURLToPath(new URL('./api-process.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const { endpoint, identity } = JSON.parse(line) as { endpoint: string; identity: Identity };
    return { endpoint, identity, stop: () => child.stdin.end() };
  }
  throw new Error('the API of the benchmark did not start');
}

/** Milliseconds from the start of the process to its end. @throws Error where it fails */
function timed({ name, executable, env, stdin, after }: Command): number {
  const begun = process.hrtime.bigint();
  const { status, stdout } = spawnSync(executable, { env, input: stdin, cwd: '/' });
  const took = Number(process.hrtime.bigint() - begun) / 1e6;
  if (status !== 0) throw new Error(`${name} failed (${status}): ${stdout.toString()}`);
  if (after !== undefined) timed(after);
  return took;
}

function pluginCommands(title: string, executable: string, env: Record<string, string>, ipam: object) {
  const stdin = JSON.stringify({ cniVersion: '1.0.0', name: 'benchmark', type: 'bridge', ipam });
  const of = (verb: string): Command => ({
    name: `${title} ${verb}`,
    executable,
    env: { ...env, CNI_COMMAND: verb },
    stdin,
  });
  return { add: { ...of('ADD'), after: of('DEL') }, version: of('VERSION') };
}

interface Quantiles {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

function quantiles(samples: readonly number[]): Quantiles {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.floor(part * (sorted.length - 1))] ?? Number.NaN;
  return { median: at(0.5), low: at(0.1), high: at(0.9) };
}

async function measure(runs: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'lessor-benchmark-'));
  const api = await startApi();
  try {
    const config = join(directory, 'node.json');
    writeFileSync(
      config,
      JSON.stringify({ endpoint: api.endpoint, region: REGION, dataDir: join(directory, 'lessor') }),
    );
    const env = {
      CNI_CONTAINERID: CONTAINER,
      CNI_IFNAME: 'eth0',
      CNI_NETNS: '/var/run/netns/benchmark',
      CNI_PATH: '/usr/lib/cni',
      CNI_ARGS: 'IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=benchmark;K8S_POD_UID=1',
    };
    const { accessKeyId, secretAccessKey, sessionToken = '' } = api.identity;
    const credentials = {
      LESSOR_CONFIG: config,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: sessionToken,
    };
    const ranges = [[{ subnet: '10.1.0.0/16' }]];
    const { path } = await buildPlugin();
    const lessor = pluginCommands('lessor', path, { ...env, ...credentials }, { type: 'lessor', ranges });
    const hostLocal = pluginCommands('host-local', HOST_LOCAL, env, {
      type: 'host-local',
      ranges,
      dataDir: join(directory, 'host-local'),
    });
    const nothing: Command = { name: '/bin/true', executable: '/bin/true', env: {}, stdin: '' };
    const commands = [lessor.add, hostLocal.add, lessor.version, hostLocal.version, nothing];
    for (let round = 0; round < WARM_UP; round++) for (const command of commands) timed(command);
    const samples = new Map(commands.map((command) => [command, [] as number[]]));
    for (let round = 0; round < runs; round++)
      for (const command of commands) samples.get(command)?.push(timed(command));
    const figures = (command: Command) => quantiles(samples.get(command) ?? []);
    console.log(`${runs} runs of each, in turn; milliseconds of whole processes`);
    for (const command of commands) {
      const { median, low, high } = figures(command);
      const [name, ...columns] = [command.name.padEnd(20), median.toFixed(2), low.toFixed(2), high.toFixed(2)];
      console.log(`${name} median ${columns[0]}  (10 % ${columns[1]}, 90 % ${columns[2]})`);
    }
    const ratio = (one: Command, other: Command) => (figures(one).median / figures(other).median).toFixed(2);
    console.log(`ADD, lessor to host-local: ${ratio(lessor.add, hostLocal.add)}`);
    console.log(`VERSION, lessor to host-local: ${ratio(lessor.version, hostLocal.version)}`);
  } finally {
    api.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

const { values } = parseArgs({ options: { runs: { type: 'string', default: '200' } } });
const runs = Number(values.runs);
if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs ${values.runs} is no number of runs: give 1 or more`);
if (!existsSync(HOST_LOCAL))
  throw new Error(`${HOST_LOCAL}, to which the plugin is compared, is missing: install containernetworking-plugins`);
await measure(runs);
