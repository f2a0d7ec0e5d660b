/** Words that had a second meaning, or were nobody's: docs/design.md, "Glossary", has what is said now. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { namesIn, project, type Sources } from './support/source-tree.ts';

interface Word {
  /** Of a name in the code, or of a file's. */
  readonly old: RegExp;
  readonly now: string;
  /** Where it has a meaning of its own. */
  readonly but?: RegExp;
  /** Folders; all of the product if left out. */
  readonly where?: RegExp;
}

const WORDS: readonly Word[] = [
  { old: /wish/i, now: 'request' },
  { old: /settl/i, now: 'flush, outbox', but: /^(allSettled|pMapSettled)$/ },
  {
    old: /^seen$|seenAt|noteSeen/i,
    now: 'heartbeat, or taken, or what was read',
    where: /^(core\/|functions\/(?!store\/)|cni-shim\/)/,
  },
  { old: /bury|buried/i, now: 'retire' },
  { old: /forlorn/i, now: 'stale' },
  { old: /illness/i, now: 'health' },
  { old: /lesson/i, now: 'update' },
  { old: /^collect$|^collected$/, now: 'gc' },
  {
    old: /^places?$|Places?$|^placed?[A-Z]/,
    now: 'joined blocks, put, or what it is',
    where: /^(core|functions|cni-shim)\//,
  },
  { old: /death/i, now: 'dead sandbox: a death is a node’s', where: /^cni-shim\// },
  { old: /^NodeState$/, now: 'pool cache: a node’s state is the service’s record of it', where: /^cni-shim\// },
];

const isProduct = (path: string): boolean => !/^(test|simulation)\//.test(path);

/** Old words in the names that the product's code gives and uses, and in the names of its files. */
const oldWords = (sources: Sources): string[] =>
  [...sources]
    .filter(([path]) => isProduct(path))
    .flatMap(([path, text]) => {
      const words = WORDS.filter(({ where }) => where?.test(path) ?? true);
      const file = path.split('/').at(-1)?.replace('.ts', '') ?? '';
      return [file, ...namesIn(path, text)].flatMap((name) =>
        words
          .filter(({ old, but }) => old.test(name) && !but?.test(name))
          .map(({ now }) => `${path}: ${name}: say ${now}`),
      );
    });

/** Types that the product exports from two files: two meanings of one name. */
function twoHomes(sources: Sources): string[] {
  const homes = new Map<string, string[]>();
  for (const [path, text] of sources) {
    if (!isProduct(path)) continue;
    for (const [, name = ''] of text.matchAll(/^export (?:interface|type|class) (\w+)/gm))
      homes.set(name, [...(homes.get(name) ?? []), path]);
  }
  return [...homes].filter(([, paths]) => paths.length > 1).map(([name, paths]) => `${name}: ${paths.join(', ')}`);
}

/** What people read; what a program writes or compares word by word is not among it. */
const pages = (): Map<string, string> => {
  const names = readdirSync('docs').filter((name) => name.endsWith('.md') && name !== 'refuted.md');
  const paths = ['README.md', ...names.map((name) => `docs/${name}`)];
  return new Map(paths.map((path) => [path, readFileSync(path, 'utf8')]));
};
const OLD_IN_PROSE =
  /\b(unsettled|forlorn|illness|lessor_(deaths|settled)_total|pool wish)\b|docs\/protocol\.md's own list|\bstate\.json\b/gi;
const oldProse = (texts: Sources): string[] =>
  [...texts].flatMap(([path, text]) => [...text.matchAll(OLD_IN_PROSE)].map(([word]) => `${path}: ${word}`));

const GLOSSARY = /^## Glossary$/m;

describe('the product', () => {
  it('uses no word that was given up', () => {
    expect(oldWords(project())).toEqual([]);
  });

  it('gives one name to one type', () => {
    expect(twoHomes(project())).toEqual([]);
  });

  it('is described without those words, and its terms are in a glossary', () => {
    expect(oldProse(pages())).toEqual([]);
    expect(pages().get('docs/design.md')).toMatch(GLOSSARY);
  });
});

describe('the check finds', () => {
  const tree = (files: Record<string, string>): Sources => new Map(Object.entries(files));

  it.each<[string, string, string]>([
    ['cni-shim/cni/pool.ts', 'export const poolWish = 1;', 'poolWish: say request'],
    ['functions/http/a.ts', 'const { settled } = x;', 'settled: say flush, outbox'],
    ['cni-shim/node/a.ts', 'files.isForlorn(path);', 'isForlorn: say stale'],
    ['cni-shim/agent/a.ts', 'class A { #illness() {} }', 'illness: say health'],
    ['cni-shim/sync/forlorn.ts', '', 'forlorn: say stale'],
    ['functions/http/b.ts', 'const heartbeat = { seenAt: 1 };', 'seenAt: say heartbeat, or taken, or what was read'],
  ])('an old word in %s', (path, text, expected) => {
    expect(oldWords(tree({ [path]: text }))).toEqual([`${path}: ${expected}`]);
  });

  it('nothing in a test, nor where the word is another’s', () => {
    const texts = { 'test/a.ts': 'const wish = 1;', 'core/store.ts': 'await Promise.allSettled(all);' };
    expect(oldWords(tree(texts))).toEqual([]);
  });

  it('a type of two meanings', () => {
    const texts = { 'core/a.ts': 'export interface Place {}', 'cni-shim/b.ts': 'export type Place = 1;' };
    expect(twoHomes(tree(texts))).toEqual(['Place: core/a.ts, cni-shim/b.ts']);
  });

  it('an old word on a page', () => {
    expect(oldProse(tree({ 'docs/a.md': 'The metric `lessor_deaths_total` counts.' }))).toEqual([
      'docs/a.md: lessor_deaths_total',
    ]);
  });
});
