/** The project's sources as text and as syntax: what they import, how long their functions are, which words they use. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';

/** Text by path from the project's root. */
export type Sources = ReadonlyMap<string, string>;

export const FOLDERS = [
  'core',
  'functions',
  'cni-shim',
  'lessorctl',
  'release',
  'console',
  'infra',
  'local',
  'simulation',
  'test',
] as const;

/** Every TypeScript file of the folders, those with JSX too. */
export function project(): Map<string, string> {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const paths = FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => posix.join(folder, path)),
  ).filter((path) => /\.tsx?$/.test(path));
  return new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

interface Syntax {
  readonly type?: string;
  readonly start?: number;
  readonly end?: number;
  readonly [member: string]: unknown;
}

function* nodesOf(syntax: unknown): Generator<Syntax> {
  if (typeof syntax !== 'object' || syntax === null) return;
  if (Array.isArray(syntax)) {
    for (const one of syntax) yield* nodesOf(one);
    return;
  }
  if (typeof (syntax as Syntax).type === 'string') yield syntax as Syntax;
  for (const member of Object.values(syntax)) yield* nodesOf(member);
}

const syntaxOf = (path: string, text: string): Syntax => parseSync(path, text).program as unknown as Syntax;

/** What a file imports, types and run-time imports too: files by their path in the project, packages by name. */
export function importsOf(path: string, text: string): string[] {
  const specifiers = [...nodesOf(syntaxOf(path, text))].flatMap(({ type = '', source }) => {
    const named = source as { value?: unknown } | null | undefined;
    const isImport = /^(Import|ExportNamed|ExportAll)(Declaration|Expression)$/.test(type) || type === 'TSImportType';
    return isImport && typeof named?.value === 'string' ? [named.value] : [];
  });
  return specifiers.map((to) => (to.startsWith('.') ? posix.join(posix.dirname(path), to) : to));
}

/** Lines of each function, methods and arrow functions too. */
export function functionLengths(path: string, text: string): { line: number; lines: number }[] {
  const lineAt = (offset: number) => text.slice(0, offset).split('\n').length;
  return [...nodesOf(syntaxOf(path, text))].flatMap(({ type = '', start = 0, end = 0, body }) => {
    if (!/Function(Declaration|Expression)$/.test(type) || !body) return [];
    return [{ line: lineAt(start), lines: lineAt(end) - lineAt(start) + 1 }];
  });
}

/** Each name that the file gives or uses, once. */
export function namesIn(path: string, text: string): string[] {
  const names = [...nodesOf(syntaxOf(path, text))].flatMap(({ type, name }) =>
    (type === 'Identifier' || type === 'PrivateIdentifier') && typeof name === 'string' ? [name] : [],
  );
  return [...new Set(names)];
}

/** Files that import each other in a loop, each loop once, its files in order. */
export function circlesIn(sources: Sources): string[][] {
  const imports = new Map([...sources].map(([path, text]) => [path, importsOf(path, text)]));
  const reached = (from: string): Set<string> => {
    const found = new Set<string>();
    const open = [from];
    for (let path = open.pop(); path !== undefined; path = open.pop())
      for (const to of imports.get(path) ?? [])
        if (imports.has(to) && !found.has(to)) {
          found.add(to);
          open.push(to);
        }
    return found;
  };
  const reach = new Map([...imports.keys()].map((path) => [path, reached(path)]));
  const inLoop = [...reach].filter(([path, to]) => to.has(path)).map(([path]) => path);
  const loops = inLoop.map((path) =>
    inLoop.filter((other) => reach.get(path)?.has(other) && reach.get(other)?.has(path)),
  );
  return [...new Map(loops.map((loop) => [[...loop].sort().join(), [...loop].sort()])).values()];
}
