/** The house: which room may know which, no circle, no long file, no long function. docs/architecture.md has the picture. */
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { consoleRooms } from './support/console-rooms.ts';
import { circlesIn, FOLDERS, functionLengths, importsOf, project, type Sources } from './support/source-tree.ts';

interface Room {
  /** A folder with its slash, or one file. The longest that fits is a file's room. */
  readonly room: string;
  /** Other rooms that it may know; its own it always may. */
  readonly knows: readonly string[];
  readonly packages?: readonly RegExp[];
}

const CORE = ['core/contract/', 'core/addresses/', 'core/pools/', 'core/protocol/'];
const LOCAL = [
  'infra/',
  'cni-shim/build/',
  'functions/store/',
  'console/server/',
  'lessorctl/api/',
  'lessorctl/shell/',
];
const NODE = [/^node:/];
const ZOD = /^zod\/mini$/;

const useCase = (name: string, ...knows: string[]): Room => ({
  room: `functions/use-cases/${name}/`,
  knows: [...CORE, 'core/store.ts', 'functions/use-cases/', ...knows.map((one) => `functions/use-cases/${one}/`)],
  packages: [/^p-map$/],
});
const onNode = (name: string, ...knows: string[]): Room => ({
  room: `cni-shim/${name}/`,
  knows: [...CORE, ...knows.map((one) => `cni-shim/${one}${one.endsWith('.ts') ? '' : '/'}`)],
  packages: NODE,
});
const GROUND = ['machine', 'cni', 'aws'];
const handler = (name: string, ...rooms: string[]): Room => ({
  room: `functions/${name}/`,
  knows: [
    'core/contract/',
    'functions/http/',
    'functions/metrics/',
    'functions/runtime.ts',
    ...rooms.map((one) => `functions/use-cases/${one}/`),
  ],
});

const inControl = (...rooms: string[]) => ['core/contract/', ...rooms.map((one) => `lessorctl/${one}/`)];
const putting = ({ room, knows }: Room): Room => ({ room, knows: [...knows, 'functions/events/'] });

/** From the ground up. A room knows what is below it, never what is above. */
const ROOMS: readonly Room[] = [
  { room: 'core/contract/', knows: [], packages: [ZOD] },
  { room: 'core/addresses/', knows: ['core/contract/'] },
  { room: 'core/pools/', knows: ['core/contract/', 'core/addresses/'] },
  { room: 'core/protocol/', knows: ['core/contract/'] },
  { room: 'core/store.ts', knows: CORE },
  {
    room: 'functions/store/',
    knows: [...CORE, 'core/store.ts'],
    packages: [/^@aws-sdk\//, /^node:(crypto|zlib)$/, ZOD],
  },
  { room: 'functions/use-cases/', knows: [...CORE, 'core/store.ts'], packages: [/^p-map$/] },
  useCase('pools'),
  useCase('nodes', 'pools'),
  useCase('changes', 'pools'),
  { ...useCase('forecast', 'pools'), packages: [/^p-map$/, /^simple-statistics$/] },
  useCase('blocks', 'nodes', 'pools'),
  useCase('reclaim', 'blocks', 'nodes', 'pools'),
  useCase('evidence', 'reclaim', 'nodes', 'pools'),
  useCase('leases', 'blocks', 'nodes', 'pools'),
  useCase('add', 'leases', 'blocks', 'nodes', 'pools'),
  useCase('questions', 'changes', 'add', 'leases', 'reclaim', 'blocks', 'nodes', 'pools'),
  {
    room: 'functions/ec2/',
    knows: ['core/protocol/', 'functions/use-cases/evidence/'],
    packages: [/^@aws-sdk\/client-ec2$/],
  },
  {
    room: 'functions/metrics/',
    knows: ['core/contract/'],
    packages: [/^@aws-lambda-powertools\/metrics$/, /^@aws-sdk\/lib-dynamodb$/],
  },
  {
    room: 'functions/events/',
    knows: ['core/contract/', 'functions/use-cases/', 'functions/metrics/'],
    packages: [/^@aws-sdk\/client-eventbridge$/, ...NODE],
  },
  {
    room: 'functions/runtime.ts',
    knows: ['core/contract/', 'functions/metrics/', 'functions/store/', 'functions/use-cases/'],
    packages: [ZOD, ...NODE],
  },
  {
    room: 'functions/http/',
    knows: ['core/contract/', 'functions/metrics/', 'functions/runtime.ts', 'functions/use-cases/'],
    packages: [ZOD, /^aws-lambda$/],
  },
  putting(handler('allocate', 'add', 'leases', 'questions')),
  putting(handler('release', 'leases', 'blocks', 'nodes')),
  handler('operate', 'pools', 'nodes', 'questions', 'forecast'),
  {
    room: 'functions/define-pools/',
    knows: [
      'core/contract/',
      'core/protocol/',
      'functions/http/',
      'functions/runtime.ts',
      'functions/use-cases/',
      'functions/use-cases/pools/',
    ],
    packages: [ZOD, /^aws-lambda$/, ...NODE],
  },
  { ...handler('reclaim', 'reclaim', 'changes', 'forecast'), packages: [/^aws-lambda$/, ...NODE] },
  {
    ...handler('evidence', 'evidence'),
    knows: [...handler('evidence', 'evidence').knows, 'functions/events/', 'functions/use-cases/', 'functions/ec2/'],
    packages: [ZOD, /^aws-lambda$/],
  },
  {
    room: 'functions/changes/',
    knows: [
      'core/protocol/',
      'functions/events/',
      'functions/runtime.ts',
      'functions/store/',
      'functions/use-cases/',
      'functions/use-cases/changes/',
    ],
    packages: [/^aws-lambda$/],
  },

  onNode('machine'),
  onNode('aws', 'machine'),
  onNode('cni', 'machine'),
  onNode('log', 'machine', 'cni'),
  onNode('node', 'machine', 'cni'),
  onNode('api', ...GROUND, 'log', 'node'),
  onNode('sync', ...GROUND, 'log', 'node', 'api'),
  { room: 'cni-shim/agent/metrics.ts', knows: [], packages: [/^prom-client$/] },
  onNode('kubernetes', 'machine'),
  onNode('agent', ...GROUND, 'log', 'node', 'api', 'sync', 'kubernetes', 'agent/metrics.ts'),
  onNode('install', ...GROUND, 'node', 'sync'),
  onNode('import', ...GROUND, 'node', 'api', 'sync'),
  onNode('verbs', ...GROUND, 'log', 'node', 'api', 'sync'),
  onNode('commands', ...GROUND, 'log', 'node', 'api', 'sync', 'kubernetes', 'agent', 'install', 'import'),
  {
    room: 'cni-shim/main.ts',
    knows: ['cni-shim/machine/', 'cni-shim/verbs/', 'cni-shim/commands/'],
    packages: NODE,
  },
  { room: 'cni-shim/build/', knows: [], packages: [...NODE, /^esbuild$/] },

  { room: 'lessorctl/shell/', knows: [], packages: NODE },
  { room: 'lessorctl/print/', knows: ['core/contract/'], packages: [/^(picocolors|string-width|yaml)$/] },
  {
    room: 'lessorctl/settings/',
    knows: ['core/contract/', 'lessorctl/shell/'],
    packages: [ZOD, /^yaml$/, /^@aws-sdk\/client-cloudformation$/, /^@smithy\/core\/config$/],
  },
  {
    room: 'lessorctl/api/',
    knows: ['core/contract/', 'lessorctl/shell/'],
    packages: [
      ZOD,
      /^@aws-sdk\/credential-providers$/,
      /^@aws-crypto\/sha256-js$/,
      /^@smithy\/(protocol-http|signature-v4)$/,
    ],
  },
  ...consoleRooms,
  {
    room: 'lessorctl/plan/',
    knows: ['core/contract/', 'lessorctl/settings/'],
    packages: [/^ip-address$/],
  },
  { room: 'lessorctl/kubernetes/', knows: ['lessorctl/shell/', 'lessorctl/settings/'] },
  { room: 'lessorctl/check/', knows: ['core/contract/', 'lessorctl/kubernetes/', 'lessorctl/plan/'] },
  { room: 'lessorctl/import/', knows: ['lessorctl/shell/', 'lessorctl/kubernetes/'] },
  {
    room: 'lessorctl/backup/',
    knows: ['core/contract/', 'lessorctl/shell/', 'lessorctl/settings/'],
    packages: [ZOD, /^@aws-sdk\/client-(dynamodb|apigatewayv2|api-gateway)$/],
  },
  {
    room: 'lessorctl/session/',
    knows: inControl('shell', 'print', 'settings', 'api'),
  },
  {
    room: 'lessorctl/commands/',
    knows: [
      ...inControl('shell', 'print', 'settings', 'api', 'plan', 'kubernetes', 'check', 'import', 'backup', 'session'),
      'console/server/',
    ],
    packages: [ZOD, /^(p-map|yaml)$/],
  },
  {
    room: 'lessorctl/command-line/',
    knows: inControl('shell', 'print', 'settings', 'kubernetes', 'session', 'commands'),
    packages: [/^commander$/],
  },
  {
    room: 'lessorctl/page/',
    knows: ['lessorctl/session/', 'lessorctl/commands/', 'lessorctl/command-line/'],
    packages: [...NODE, ZOD],
  },
  { room: 'lessorctl/main.ts', knows: ['lessorctl/shell/', 'lessorctl/command-line/'], packages: NODE },
  { room: 'lessorctl/build/', knows: ['cni-shim/build/', 'console/build/'], packages: [...NODE, /^esbuild$/] },
  { room: 'release/', knows: ['cni-shim/build/', 'lessorctl/build/'], packages: NODE },
  {
    room: 'infra/',
    knows: CORE,
    packages: [/^aws-cdk-lib(\/|$)/, /^cdk-monitoring-constructs$/, /^constructs$/, /^esbuild$/, ...NODE],
  },
  { room: 'local/', knows: [...CORE, ...LOCAL], packages: [/./] },
];

const NAME = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|property|model|race|e2e|suite))*\.tsx?$/;
const VAGUE = /(^|[-.])(utils?|helpers?|managers?|common|misc)([-.]|$)/;
const MOST_LINES = { source: 300, test: 400, function: 60 };

const isIn = (room: string, path: string) => (room.endsWith('/') ? path.startsWith(room) : path === room);

/** Of nested rooms the inner one. */
const roomOf = (path: string): Room | undefined =>
  ROOMS.filter(({ room }) => isIn(room, path)).sort((a, b) => b.room.length - a.room.length)[0];

function mayImport({ room, knows, packages = [] }: Room, to: string): boolean {
  if (!/\.tsx?$/.test(to)) return packages.some((allowed) => allowed.test(to));
  const other = roomOf(to)?.room;
  return other !== undefined && (other === room || knows.includes(other));
}

/** The simulation is one more test, with a folder of its own. */
const isTest = (path: string): boolean => /^(test|simulation)\//.test(path);

function wrongImports(path: string, text: string): string[] {
  if (isTest(path)) return [];
  const room = roomOf(path);
  if (room === undefined) return [`${path} lies in no room`];
  return importsOf(path, text)
    .filter((to) => !mayImport(room, to))
    .map((to) => `${path} imports ${to}`);
}

function wrongShape(path: string, text: string): string[] {
  const wrong: string[] = [];
  const name = posix.basename(path);
  if (!NAME.test(name)) wrong.push(`${path} is not named in kebab-case`);
  if (VAGUE.test(name)) wrong.push(`${path} does not say what it holds`);
  const lines = text.trimEnd().split('\n').length;
  if (lines > (isTest(path) ? MOST_LINES.test : MOST_LINES.source)) wrong.push(`${path} has ${lines} lines`);
  const long = isTest(path) ? [] : functionLengths(path, text).filter((one) => one.lines > MOST_LINES.function);
  return [...wrong, ...long.map((one) => `${path}:${one.line} is a function of ${one.lines} lines`)];
}

/** What is wrong with a tree of source files. */
const violations = (sources: Sources): string[] => [
  ...[...sources].flatMap(([path, text]) => [...wrongImports(path, text), ...wrongShape(path, text)]),
  ...circlesIn(sources).map((circle) => `${circle.join(', ')} import each other`),
];

describe('the project', () => {
  it('keeps the directions of its imports, the names and the sizes of its files and functions, and has no circle', () => {
    expect(violations(project())).toEqual([]);
  });

  it('is looked at in every folder and every room', () => {
    const paths = [...project().keys()];
    for (const folder of FOLDERS) expect(paths.some((path) => path.startsWith(`${folder}/`))).toBe(true);
    for (const { room } of ROOMS) expect([room, paths.some((path) => isIn(room, path))]).toEqual([room, true]);
  });

  it('knows no arrow that runs back up', () => {
    const height = new Map(ROOMS.map(({ room }, index) => [room, index]));
    const up = ROOMS.flatMap(({ room, knows }) =>
      knows
        .filter((other) => (height.get(other) ?? Number.NaN) >= (height.get(room) ?? 0))
        .map((other) => [room, other]),
    );
    expect(up).toEqual([]);
  });
});

/** A file of a room, for examples. */
const fileIn = (room: string, name: string) => (room.endsWith('/') ? `${room}${name}.ts` : room);

describe('the rules find', () => {
  it.each(ROOMS.map((one) => [one.room, one] as const))('each room that %s may not know', (_, { room, knows }) => {
    const from = fileIn(room, 'some-file');
    const others = ROOMS.map((one) => one.room).filter((other) => other !== room && !knows.includes(other));
    for (const to of others.map((other) => fileIn(other, 'other-file'))) {
      const relative = posix.relative(posix.dirname(from), to);
      const text = `import type { X } from '${relative.startsWith('.') ? relative : `./${relative}`}';`;
      expect(wrongImports(from, text)).toEqual([`${from} imports ${to}`]);
    }
    expect(others.length).toBeGreaterThan(0);
  });

  it.each(ROOMS.filter(({ room }) => room !== 'local/').map(({ room }) => [room]))(
    'a package that %s may not have',
    (room) => {
      const file = fileIn(room, 'some-file');
      expect(wrongImports(file, "import { x } from 'left-pad';")).toEqual([`${file} imports left-pad`]);
    },
  );

  const tree = (files: Record<string, string>): Sources => new Map(Object.entries(files));
  it.each<[string, Record<string, string>, string[]]>([
    [
      'an import over several lines',
      { 'core/pools/pool.ts': "import {\n  allocate,\n} from '../../functions/use-cases/add/allocate.ts';" },
      ['core/pools/pool.ts imports functions/use-cases/add/allocate.ts'],
    ],
    [
      'an import at run time',
      { 'cni-shim/verbs/add.ts': "const z = await import('zod/mini');" },
      ['cni-shim/verbs/add.ts imports zod/mini'],
    ],
    [
      'what is passed on',
      { 'cni-shim/verbs/add.ts': "export { x } from '../../functions/http/http.ts';" },
      ['cni-shim/verbs/add.ts imports functions/http/http.ts'],
    ],
    [
      'the type of an import',
      { 'core/pools/pool.ts': "export type X = import('../store.ts').Store;" },
      ['core/pools/pool.ts imports core/store.ts'],
    ],
    [
      'the full build of zod',
      { 'functions/http/http.ts': "import * as z from 'zod';" },
      ['functions/http/http.ts imports zod'],
    ],
    [
      'source that knows a test',
      { 'local/demo.ts': "import { world } from '../test/functions/world.ts';" },
      ['local/demo.ts imports test/functions/world.ts'],
    ],
    [
      'files that import each other',
      {
        'core/pools/a.ts': "import { b } from './b.ts';",
        'core/pools/b.ts': "import { c } from './c.ts';",
        'core/pools/c.ts': "import type { A } from './a.ts';",
        'core/pools/d.ts': "import { a } from './a.ts';",
      },
      ['core/pools/a.ts, core/pools/b.ts, core/pools/c.ts import each other'],
    ],
    ['a file outside of every room', { 'tools/x.ts': '' }, ['tools/x.ts lies in no room']],
    ['a file in camel case', { 'core/pools/poolSpace.ts': '' }, ['core/pools/poolSpace.ts is not named in kebab-case']],
    [
      'a file that may hold anything',
      { 'core/pools/ip-utils.ts': '' },
      ['core/pools/ip-utils.ts does not say what it holds'],
    ],
    [
      'a manager',
      { 'functions/http/lease-manager.ts': '' },
      ['functions/http/lease-manager.ts does not say what it holds'],
    ],
    ['a long file', { 'core/pools/pool.ts': 'x;\n'.repeat(301) }, ['core/pools/pool.ts has 301 lines']],
    ['a long test', { 'test/pool.test.ts': 'x;\n'.repeat(401) }, ['test/pool.test.ts has 401 lines']],
    [
      'a long function',
      { 'core/pools/pool.ts': `const a = 1;\nfunction b() {\n${'  a;\n'.repeat(59)}}\n` },
      ['core/pools/pool.ts:2 is a function of 61 lines'],
    ],
    [
      'a long arrow function',
      { 'core/pools/pool.ts': `export const b = () => {\n${'  1;\n'.repeat(59)}};\n` },
      ['core/pools/pool.ts:1 is a function of 61 lines'],
    ],
    [
      'nothing where nothing is wrong',
      {
        'core/pools/pool.ts': `import { x } from './range.ts';\nfunction b() {\n${'  x;\n'.repeat(58)}}\n`,
        'local/demo.ts':
          "import { build } from '../cni-shim/build/build.ts';\nimport pc from 'picocolors';\nimport fs from 'node:fs';",
        'test/core/pool.property.test.ts': "import { x } from '../../cni-shim/main.ts';",
      },
      [],
    ],
  ])('%s', (_, files, expected) => {
    expect(violations(tree(files))).toEqual(expected);
  });
});
