/**
 * Makes what the package brings, in dist/package: the construct as JavaScript, its types, and the functions, bundled. Nothing
 * is left to do for whoever installs it.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { bundleFunctions } from '../function-code.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const OUT = join(ROOT, 'dist/package');
const TYPES = join(ROOT, 'dist/types');

const project = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const versions: Readonly<Record<string, string>> = project.devDependencies;

/** What whoever installs the package has himself: there must be one of each in an app. */
const PEERS = ['aws-cdk-lib', 'constructs'];
/** What comes with it, if the construct imports it: it imports the peers itself, and so cannot be bundled. */
const BESIDE = ['cdk-monitoring-constructs'];
const imported = new Set<string>();

function note(specifier: string, from: string): void {
  if (specifier.startsWith('node:')) return;
  const name = [...PEERS, ...BESIDE].find((one) => specifier === one || specifier.startsWith(`${one}/`));
  if (name === undefined) throw new Error(`${from} imports ${specifier}, which the package does not bring`);
  imported.add(name);
}

function buildConstruct(): void {
  const { metafile } = buildSync({
    absWorkingDir: ROOT,
    entryPoints: ['infra/index.ts'],
    outfile: join(OUT, 'index.js'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: [...PEERS, ...BESIDE].flatMap((name) => [name, `${name}/*`]),
    metafile: true,
    logLevel: 'warning',
  });
  for (const { imports } of Object.values(metafile.outputs))
    for (const { path, external } of imports) if (external) note(path, 'The construct');
}

/** The types that `index` leads to, and no others: what only the construct knows is nobody's business. */
function buildTypes(): void {
  execFileSync('npx', ['tsc', '-p', 'infra/package/tsconfig.json'], { cwd: ROOT, stdio: 'inherit' });
  const kept = new Set<string>();
  const keep = (file: string): void => {
    if (kept.has(file)) return;
    kept.add(file);
    const text = readFileSync(file, 'utf8');
    for (const [, specifier = ''] of text.matchAll(/(?:from|import\()\s*'([^']+)'/g)) {
      if (specifier.startsWith('.')) keep(join(dirname(file), specifier.replace(/\.ts$/, '.d.ts')));
      else note(specifier, relative(TYPES, file));
    }
    const to = join(OUT, 'types', relative(TYPES, file));
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, text.replaceAll(/('\.[^']+)\.ts'/g, "$1.js'"));
  };
  keep(join(TYPES, 'infra/index.d.ts'));
  rmSync(TYPES, { recursive: true });
}

function writePackageJson(): void {
  const { name, version, description, license, type, engines } = project;
  const of = (names: readonly string[], range: string) =>
    Object.fromEntries(names.filter((one) => imported.has(one)).map((one) => [one, `${range}${versions[one]}`]));
  const written = {
    ...{ name, version, description, license, type, engines },
    exports: { '.': { types: './types/infra/index.d.ts', default: './index.js' } },
    dependencies: of(BESIDE, ''),
    peerDependencies: of(PEERS, '^'),
  };
  writeFileSync(join(OUT, 'package.json'), `${JSON.stringify(written, null, 2)}\n`);
  copyFileSync(join(ROOT, 'LICENSE'), join(OUT, 'LICENSE'));
  copyFileSync(join(ROOT, 'docs/construct.md'), join(OUT, 'README.md'));
}

rmSync(OUT, { recursive: true, force: true });
buildConstruct();
buildTypes();
bundleFunctions(join(OUT, 'functions'));
writePackageJson();
