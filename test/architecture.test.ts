import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** The first rule whose folder a file lies in says what the file may import: packages by name, files by path. */
const RULES: readonly { readonly folder: string; readonly may: readonly RegExp[] }[] = [
  { folder: 'core/contract/', may: [/^core\/contract\//, /^zod\/mini$/] },
  { folder: 'core/', may: [/^core\//] },
  { folder: 'functions/use-cases/', may: [/^core\//, /^functions\/use-cases\//, /^p-map$/] },
  { folder: 'functions/store/', may: [/^core\//, /^functions\/store\//, /^@aws-sdk\//, /^zod\/mini$/] },
  { folder: 'functions/', may: [/^core\//, /^functions\//, /^zod\/mini$/, /^aws-lambda$/, /^node:/] },
  { folder: 'cni-shim/build/', may: [/^cni-shim\/build\//, /^core\//, /^node:/, /^esbuild$/] },
  { folder: 'cni-shim/agent/metrics.ts', may: [/^prom-client$/] },
  { folder: 'cni-shim/', may: [/^core\//, /^cni-shim\//, /^node:/] },
  {
    folder: 'infra/',
    may: [/^core\/contract\//, /^infra\//, /^aws-cdk-lib(\/|$)/, /^constructs$/, /^cdk-nag$/, /^node:/],
  },
  { folder: 'local/', may: [/^(core|functions|infra|local)\//, /^cni-shim\/build\/build\.ts$/, /(?<!\.ts)$/] },
  { folder: 'test/', may: [/./] },
];

const FOLDERS = ['core', 'functions', 'cni-shim', 'infra', 'local', 'test'];
const NAME = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|property|model|race|e2e|suite))*\.ts$/;
const VAGUE = /(^|[-.])(utils?|helpers?|managers?|common|misc)([-.]|$)/;
const LINES = { source: 300, test: 400 };

/** Statements that begin a line, and imports at run time. */
const IMPORTS = /^(?:import|export)\b[^'";]*?\bfrom\s*'([^']+)'|^import\s*'([^']+)'|\bimport\(\s*'([^']+)'/gm;
const importsIn = (text: string): string[] => [...text.matchAll(IMPORTS)].map(([, a, b, c]) => a ?? b ?? c ?? '');

/** What is wrong with a tree of source files, given by their paths. */
function violations(files: ReadonlyMap<string, string>): string[] {
  return [...files].flatMap(([path, text]) => {
    const rule = RULES.find(({ folder }) => path.startsWith(folder));
    if (rule === undefined) return [`${path} lies in no folder that has a rule`];
    const wrong = importsIn(text)
      .map((to) => (to.startsWith('.') ? posix.join(posix.dirname(path), to) : to))
      .filter((to) => !rule.may.some((allowed) => allowed.test(to)))
      .map((to) => `${path} imports ${to}`);
    const name = posix.basename(path);
    if (!NAME.test(name)) wrong.push(`${path} is not named in kebab-case`);
    if (VAGUE.test(name)) wrong.push(`${path} does not say what it holds`);
    const most = path.startsWith('test/') ? LINES.test : LINES.source;
    const lines = text.trimEnd().split('\n').length;
    if (lines > most) wrong.push(`${path} has ${lines} lines`);
    return wrong;
  });
}

function project(): Map<string, string> {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const paths = FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => posix.join(folder, path)),
  ).filter((path) => path.endsWith('.ts'));
  return new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

describe('the project', () => {
  it('keeps the directions of its imports, the names and the sizes of its files', () => {
    expect(violations(project())).toEqual([]);
  });

  it('is looked at in every folder', () => {
    for (const folder of FOLDERS)
      expect([...project().keys()].some((path) => path.startsWith(`${folder}/`))).toBe(true);
  });
});

describe('the rules find', () => {
  it.each<[string, string, string, string[]]>([
    [
      'a core that reads files',
      'core/pool.ts',
      "import { readFileSync } from 'node:fs';",
      ['core/pool.ts imports node:fs'],
    ],
    [
      'zod in the core outside of the contract',
      'core/pool.ts',
      "import * as z from 'zod/mini';",
      ['core/pool.ts imports zod/mini'],
    ],
    [
      'a contract that leans on the core',
      'core/contract/routes.ts',
      "import { admit } from '../registry.ts';",
      ['core/contract/routes.ts imports core/registry.ts'],
    ],
    [
      'a core that knows the functions, over several lines',
      'core/pool.ts',
      "import {\n  allocate,\n} from '../functions/use-cases/allocate.ts';",
      ['core/pool.ts imports functions/use-cases/allocate.ts'],
    ],
    [
      'a use case that knows DynamoDB',
      'functions/use-cases/add.ts',
      "import type { X } from '@aws-sdk/client-dynamodb';\nimport { y } from '../store/items.ts';",
      [
        'functions/use-cases/add.ts imports @aws-sdk/client-dynamodb',
        'functions/use-cases/add.ts imports functions/store/items.ts',
      ],
    ],
    ['the full build of zod', 'functions/http.ts', "import * as z from 'zod';", ['functions/http.ts imports zod']],
    [
      'a plugin with a package, loaded late',
      'cni-shim/add.ts',
      "const z = await import('zod/mini');",
      ['cni-shim/add.ts imports zod/mini'],
    ],
    [
      'a plugin that knows the functions',
      'cni-shim/add.ts',
      "export { x } from '../functions/http.ts';",
      ['cni-shim/add.ts imports functions/http.ts'],
    ],
    [
      'infrastructure that knows more than names',
      'infra/stack.ts',
      "import { admit } from '../core/registry.ts';",
      ['infra/stack.ts imports core/registry.ts'],
    ],
    [
      'a stack that knows the plugin',
      'local/demo.ts',
      "import '../cni-shim/main.ts';",
      ['local/demo.ts imports cni-shim/main.ts'],
    ],
    [
      'source that knows a test',
      'local/demo.ts',
      "import { world } from '../test/functions/world.ts';",
      ['local/demo.ts imports test/functions/world.ts'],
    ],
    ['a file in a folder without a rule', 'tools/x.ts', '', ['tools/x.ts lies in no folder that has a rule']],
    ['a file in camel case', 'core/poolSpace.ts', '', ['core/poolSpace.ts is not named in kebab-case']],
    ['a file that may hold anything', 'core/ip-utils.ts', '', ['core/ip-utils.ts does not say what it holds']],
    ['a manager', 'functions/lease-manager.ts', '', ['functions/lease-manager.ts does not say what it holds']],
    ['a long file', 'core/pool.ts', 'x\n'.repeat(301), ['core/pool.ts has 301 lines']],
    ['a long test', 'test/pool.test.ts', 'x\n'.repeat(401), ['test/pool.test.ts has 401 lines']],
  ])('%s', (_, path, text, expected) => {
    expect(violations(new Map([[path, text]]))).toEqual(expected);
  });

  it('nothing where nothing is wrong', () => {
    const fine = new Map([
      ['core/pool.ts', "import { x } from './range.ts';\nimport type { Y } from './contract/messages.ts';"],
      [
        'local/demo.ts',
        "import { build } from '../cni-shim/build/build.ts';\nimport pc from 'picocolors';\nimport fs from 'node:fs';",
      ],
      ['test/core/pool.property.test.ts', "import { x } from '../../cni-shim/main.ts';"],
    ]);
    expect(violations(fine)).toEqual([]);
  });
});
