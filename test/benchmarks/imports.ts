/** What loading a function takes, as a process of its own, beside the bare client bundled the same way. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { environment } from '../../core/contract/environment.ts';
import { bundleFunction, bundleFunctions } from '../../infra/function-code.ts';
import { openRunDirectory } from '../../local/run-directory.ts';
import { tables } from '../store/local-tables.ts';
import { inTurn } from './in-turn.ts';
import type { Figure, Section } from './section.ts';
import { figureOf, type Samples } from './spread.ts';

/** Those that somebody waits for. */
const FUNCTIONS = ['allocate', 'release', 'operate'] as const;
const BARE = 'the bare client';

export const imports: Section = {
  name: 'imports',
  what: 'loading a function in a new process, the first read of its start included, beside the DynamoDB client alone, which reads as much',
  async run({ quick, progress }) {
    const directory = openRunDirectory('bench-imports');
    const server = http.createServer((request, response) => {
      request.resume().on('end', () => response.writeHead(200).end('{}'));
    });
    try {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      progress('bundling');
      bundleFunctions(directory.path, FUNCTIONS);
      bundleFunction(fileURLToPath(new URL('bare-client.ts', import.meta.url)), join(directory.path, BARE));
      const variables = variablesFor(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      const cpu = new Map<string, number[]>();
      const contenders = [BARE, ...FUNCTIONS].map((name) => ({
        name,
        async once() {
          const taken = await load(join(directory.path, name, 'index.mjs'), variables);
          cpu.set(name, [...(cpu.get(name) ?? []), taken.cpu]);
          return taken.wall;
        },
      }));
      const rounds = quick ? { rounds: 2, warmUp: 1 } : { rounds: 25, warmUp: 3 };
      const [bare, ...functions] = await inTurn(contenders, { ...rounds, progress });
      if (!bare) throw new Error('nothing was measured');
      const busy = ({ name }: Samples) => ({ name, samples: (cpu.get(name) ?? []).slice(rounds.warmUp) });
      return functions.flatMap((one) => figuresOf(one, bare, busy, directory.path));
    } finally {
      server.closeAllConnections();
      server.close();
      directory.remove();
    }
  },
};

function figuresOf(one: Samples, bare: Samples, busy: (of: Samples) => Samples, directory: string): Figure[] {
  const size = ({ name }: Samples, what: string) => ({
    name: what,
    samples: [kilobytesAtStart(join(directory, name))],
  });
  return [
    figureOf({ ...one, name: `${one.name}: time` }, bare, 'ms'),
    figureOf({ ...busy(one), name: `${one.name}: processor` }, busy(bare), 'ms'),
    figureOf(size(one, `${one.name}: read at the start`), size(bare, bare.name), 'KB'),
  ];
}

const variablesFor = (endpoint: string): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  NODE_NO_WARNINGS: '1',
  AWS_ENDPOINT_URL_DYNAMODB: endpoint,
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'LOCAL',
  AWS_SECRET_ACCESS_KEY: 'local',
  [environment.poolsTable]: tables.pools,
  [environment.leasesTable]: tables.leases,
});

const LOAD = `
const [begun, busy] = [performance.now(), process.cpuUsage()];
const { handler } = await import(process.argv[1]);
const { user, system } = process.cpuUsage(busy);
console.log(JSON.stringify({ wall: performance.now() - begun, cpu: (user + system) / 1000, kind: typeof handler }));
process.exit(0);`;

/** Milliseconds from where Node is up. @throws Error where there is no handler */
async function load(file: string, env: Record<string, string>): Promise<{ wall: number; cpu: number }> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', LOAD, file], { env });
  const { kind, ...taken } = JSON.parse(stdout.slice(stdout.lastIndexOf('{'))) as {
    kind: string;
    wall: number;
    cpu: number;
  };
  if (kind !== 'function') throw new Error(`${file} exports no handler`);
  return taken;
}

/** Of the file and all that it imports at once. */
function kilobytesAtStart(directory: string): number {
  const files = new Set(readdirSync(directory));
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file) || !files.has(file)) return;
    seen.add(file);
    const text = readFileSync(join(directory, file), 'utf8');
    for (const [, imported = ''] of text.matchAll(/^(?:import|\} from|import [^;]*? from) ?"\.\/([^"]+)";/gm))
      visit(imported);
  };
  visit('index.mjs');
  return [...seen].reduce((sum, file) => sum + statSync(join(directory, file)).size, 0) / 1024;
}
