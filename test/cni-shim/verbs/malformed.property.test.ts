/** Malformed inputs, 13,000 in `npm run test:long`: always an error object, never a stack, and nothing that the node keeps is changed. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isVerb, writtenVersion } from '../../../cni-shim/cni/version.ts';
import type { Database, Row } from '../../../cni-shim/machine/database.ts';
import { nodeFiles } from '../../../cni-shim/machine/files.ts';
import { isObject, parseJson } from '../../../cni-shim/machine/json.ts';
import type { Surroundings } from '../../../cni-shim/machine/surroundings.ts';
import { run } from '../../../cni-shim/verbs/call.ts';
import type { Reply } from '../../../cni-shim/verbs/reply.ts';
import { libsqlDatabase, processDatabases } from '../../support/libsql-database.ts';
import { inLong } from '../../support/long.ts';
import { machineUnderNode } from '../../support/machine-under-node.ts';
import { complaint, type Ending } from '../cni-error-object.ts';
import { FakeApi, REGION } from '../fake-api.ts';
import { Node } from '../in-process.ts';
import { type MalformedInput, malformedInput, staying } from './malformed-inputs.ts';

const CONTAINER = 'c1';
const RUNS = inLong(13_000, 2_600);
const REFUSED = inLong(10_000, 1_900);

let api: FakeApi;
let node: Node;
let database: Database;
/** What is kept before each call. */
let resident: Kept;
/** By the end of the path that is asked. */
let valid: Readonly<Record<string, string>>;

/** Files by their paths, and rows of the journal by table and text. */
interface Kept {
  readonly files: ReadonlyMap<string, string>;
  readonly rows: ReadonlyMap<string, Row & { readonly table: string }>;
}

const TABLES = ['meta', 'lease', 'slot', 'outbox', 'pool', 'returned_block'];

/** Apart from the log, which is there to be written. */
function kept(): Kept {
  const found = readdirSync(node.dataDir, { recursive: true, withFileTypes: true });
  const paths = found
    .filter((one) => one.isFile() && one.name !== 'lessor.log' && !one.name.startsWith('node.db'))
    .map(({ parentPath, name }) => join(parentPath, name));
  const rows = TABLES.flatMap((table) => database.all(`SELECT * FROM ${table}`).map((row) => ({ table, ...row })));
  return {
    files: new Map(paths.map((path) => [relative(node.dataDir, path), readFileSync(path, 'utf8')])),
    rows: new Map(rows.map((row) => [JSON.stringify(row), row])),
  };
}

beforeAll(async () => {
  api = await FakeApi.start();
  node = new Node(api);
  const bodies: string[] = [];
  const watching: typeof fetch = async (url, init) => {
    const response = await fetch(url, init);
    bodies.push(await response.clone().text());
    return response;
  };
  const stdin = JSON.stringify({
    cniVersion: '1.0.0',
    name: 'malformed',
    ipam: { ranges: [[{ subnet: '10.1.0.0/16' }]] },
  });
  for (const verb of ['ADD', 'DEL', 'ADD'])
    expect((await node.call(verb, 'resident', { stdin, surroundings: { fetch: watching } })).exitCode).toBe(0);
  const [leases = '', releases = ''] = bodies;
  const own = JSON.stringify({ incarnation: 1, boot: node.bootId, firstOfBoot: 1, leases: [] });
  const [held, ready] = [JSON.stringify({ held: [] }), JSON.stringify({ ready: true })];
  valid = { '/leases': leases, '/releases': releases, '/self/leases': own, '/checks': held, '/readiness': ready };
  database = libsqlDatabase(node.journalPath);
  resident = kept();
});
afterAll(async () => {
  database.close();
  node.remove();
  await api.stop();
});

type Run = typeof run;

interface Trial extends Ending {
  /** What is wrong with it; undefined where nothing is. */
  readonly complaint: string | undefined;
}

/** One call with a clock of its own, so that no pause takes any time. */
async function attempt(input: MalformedInput, plugin: Run): Promise<Trial> {
  const content = {
    endpoint: api.endpoint,
    region: REGION,
    labels: { kind: 'x' },
    logFile: false,
    dataDir: node.dataDir,
  };
  const text = staying(node.dataDir, input.node(JSON.stringify(content)));
  const env = {
    ...node.env,
    HOME: node.directory,
    AWS_EC2_METADATA_DISABLED: 'true',
    CNI_COMMAND: input.verb,
    CNI_CONTAINERID: CONTAINER,
    ...input.env,
  };
  const { openDatabase, end } = processDatabases(libsqlDatabase);
  let now = 1_800_000_000_000;
  let sent = 0;
  const answering = async (url: Parameters<typeof fetch>[0]): Promise<Response> => {
    const path = new URL(String(url)).pathname;
    const [, right = ''] = Object.entries(valid).findLast(([end]) => path.endsWith(end)) ?? [];
    const wrong = input.answers[Math.min(sent++, input.answers.length - 1)]?.(right);
    if (wrong === 'dies') throw new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } });
    return wrong === undefined ? new Response(right) : new Response(wrong.body, wrong);
  };
  const surroundings = {
    ...machineUnderNode(env),
    openDatabase,
    machineId: () => node.machineId,
    fetch: answering as typeof fetch,
    files: {
      ...nodeFiles,
      read: (path: string) => (path === node.config ? text : nodeFiles.read(path)),
    },
    bootId: () => node.bootId,
    now: () => now,
    random: () => 0.9,
    async sleep(milliseconds: number) {
      now += milliseconds;
    },
  };
  let ending: Reply;
  try {
    ending = await plugin(surroundings, () => input.stdin, { attempt: 300, total: 900 });
  } catch (error) {
    return { exitCode: null, stdout: '', complaint: `it threw ${String(error)}` };
  }
  const after = kept();
  const refused = ending.exitCode !== 0;
  const differing = refused ? difference(resident, after, sent > 0 || input.wrong === 'answer') : undefined;
  const goesOn = !refused && input.wrong === 'answer';
  const poisoned = goesOn ? await next(surroundings) : undefined;
  end();
  putBack(goesOn ? kept() : after);
  const given = parseJson(input.stdin);
  const cniVersion = isObject(given) && isVerb(env.CNI_COMMAND) ? writtenVersion(given) : undefined;
  const wrong = refused ? (complaint(ending, cniVersion) ?? differing) : survivor(ending, env.CNI_COMMAND);
  return { ...ending, complaint: wrong ?? poisoned };
}

/** What an accepted answer leaves must not be in the way of the next container. */
async function next(surroundings: Surroundings): Promise<string | undefined> {
  const env = { ...node.env, CNI_COMMAND: 'ADD', CNI_CONTAINERID: 'next' };
  const stdin = JSON.stringify({
    cniVersion: '1.0.0',
    name: 'malformed',
    ipam: { ranges: [[{ subnet: '10.1.0.0/16' }]] },
  });
  const right = async () => new Response(valid['/leases']);
  const { exitCode, stdout } = await run({ ...surroundings, env, fetch: right }, () => stdin);
  return exitCode === 0 ? undefined : `the next ADD failed: ${stdout}`;
}

function putBack(after: Kept): void {
  const { files, rows } = resident;
  for (const [name, text] of after.files) if (text !== files.get(name)) rmSync(join(node.dataDir, name));
  for (const [name, text] of files) if (after.files.get(name) !== text) writeFileSync(join(node.dataDir, name), text);
  if ([...after.rows.keys()].join() === [...rows.keys()].join()) return;
  database.exec('BEGIN IMMEDIATE');
  for (const table of TABLES) database.run(`DELETE FROM ${table}`);
  for (const { table, ...row } of rows.values()) {
    const places = Object.keys(row).map(() => '?');
    database.run(`INSERT INTO ${table} VALUES (${places.join()})`, ...Object.values(row));
  }
  database.exec('COMMIT');
}

/**
 * A STATUS leaves its verdict; a failed ADD why it failed, for the agent, and where it has asked its entry and the slot that it
 * proposed, by which a DEL frees what may be held.
 */
function difference(before: Kept, after: Kept, asked: boolean): string | undefined {
  for (const part of ['files', 'rows'] as const) {
    for (const [name, kept] of before[part])
      if (JSON.stringify(after[part].get(name)) !== JSON.stringify(kept)) return `${name} was changed`;
  }
  const file = [...after.files.keys()].find((name) => !before.files.has(name));
  if (file !== undefined) return `${file} came to be`;
  const added = [...after.rows].filter(([name]) => !before.rows.has(name)).map(([, row]) => row);
  const lease = added.find(({ table, container }) => asked && table === 'lease' && container === CONTAINER);
  const foreign = added.find(
    (row) =>
      row !== lease &&
      !(row.table === 'slot' && row.nonce === lease?.nonce) &&
      !(row.table === 'meta' && /^(verdict |refused networks$)/.test(String(row.key))),
  );
  if (foreign !== undefined) return `${JSON.stringify(foreign)} came to be`;
  return added.filter(({ table }) => table === 'slot').length <= 1 ? undefined : 'too many slots';
}

/** What is accepted after all must be a whole result. */
function survivor({ stdout }: Reply, verb: string | undefined): string | undefined {
  if (verb !== 'ADD') return verb === 'VERSION' || stdout === '' ? undefined : `printed: ${stdout}`;
  const { ips, ip4, ip6 } = JSON.parse(stdout) as Record<string, unknown>;
  return ip4 !== undefined || ip6 !== undefined || (Array.isArray(ips) && ips.length > 0)
    ? undefined
    : `no address: ${stdout}`;
}

test(`of ${RUNS} malformed inputs at least ${REFUSED} are refused, each with an error object and without a trace`, async () => {
  const refused = { configuration: 0, environment: 0, node: 0, answer: 0 };
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(malformedInput, async (input) => {
      const trial = await attempt(input, run);
      if (trial.complaint !== undefined) throw new Error(trial.complaint);
      if (trial.exitCode === 0) accepted++;
      else refused[input.wrong]++;
    }),
    { numRuns: RUNS },
  );
  const total = Object.values(refused).reduce((sum, count) => sum + count, 0);
  console.info(`refused ${total} (${JSON.stringify(refused)}), accepted ${accepted}`);
  expect(total).toBeGreaterThanOrEqual(REFUSED);
}, 240_000);

describe('the check finds', () => {
  const failing = async (spoil: (outcome: Reply) => Reply | Promise<Reply>, ...args: Parameters<Run>) => {
    const outcome = await run(...args);
    return outcome.exitCode === 0 ? outcome : spoil(outcome);
  };
  const broken: Record<string, Run> = {
    'a plugin that throws': (...args) =>
      failing(
        () => {
          throw new Error('x');
        },
        ...args,
      ),
    'one that prints a stack': (...args) =>
      failing(() => ({ stdout: new Error('x').stack ?? '', exitCode: 1 }), ...args),
    'one whose message holds a stack': (...args) =>
      failing(
        ({ stdout }) => {
          const details = new Error('x').stack;
          return { stdout: `${JSON.stringify({ ...JSON.parse(stdout), details })}\n`, exitCode: 1 };
        },
        ...args,
      ),
    'one that says nothing': (...args) => failing(() => ({ stdout: '', exitCode: 1 }), ...args),
    'one that exits 0': (...args) => failing(({ stdout }) => ({ stdout, exitCode: 0 }), ...args),
    'one that calls everything a fault': (...args) =>
      failing(({ stdout }) => ({ stdout: stdout.replace(/"code":\d+/, '"code":100'), exitCode: 1 }), ...args),
    'one that forgets the resident': (...args) =>
      failing(
        (outcome) => {
          database.run("DELETE FROM lease WHERE container = 'resident'");
          return outcome;
        },
        ...args,
      ),
  };
  test.each(Object.entries(broken))('%s', async (_, plugin) => {
    const property = fc.asyncProperty(malformedInput, async (input) => {
      const { complaint } = await attempt(input, plugin);
      return complaint === undefined;
    });
    const { failed } = await fc.check(property, { seed: 1, numRuns: 50, endOnFailure: true });
    expect(failed).toBe(true);
  });
});
