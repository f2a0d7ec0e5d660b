/** The package in somebody else's app: with types, and with functions that are built already. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { transformSync } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import { directory } from './deployments.ts';

const page = readFileSync(new URL('../../docs/deploy.md', import.meta.url), 'utf8');
const [, shown = ''] = /```ts\n(import [^`]*from 'lessor';[^`]*)```/.exec(page) ?? [];

describe('the package', () => {
  const project = directory();
  const modules = join(project, 'node_modules');
  const run = (file: string) =>
    spawnSync(process.execPath, [file], {
      cwd: project,
      env: { ...process.env, CDK_OUTDIR: join(project, 'out') },
      encoding: 'utf8',
    });

  beforeAll(() => {
    execFileSync('npm', ['run', '--silent', 'package'], { stdio: ['ignore', 'ignore', 'inherit'] });
    const { name, version } = JSON.parse(readFileSync('package.json', 'utf8'));
    mkdirSync(join(modules, name), { recursive: true });
    const tarball = resolve(`dist/${name}-${version}.tgz`);
    execFileSync('tar', ['-xzf', tarball, '-C', join(modules, name), '--strip-components=1']);
    // What npm would install beside it.
    const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8'));
    for (const one of Object.keys({ ...dependencies, ...peerDependencies }))
      symlinkSync(resolve('node_modules', one), join(modules, one));
    writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  }, 120_000);

  it('brings no source, nothing to build, and no package that an app has not asked for', () => {
    const names = readdirSync(join(modules, 'lessor'), { recursive: true, encoding: 'utf8' });
    expect(names.filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))).toEqual([]);
    const written = JSON.parse(readFileSync(join(modules, 'lessor/package.json'), 'utf8'));
    expect(Object.keys(written.peerDependencies)).toEqual(['aws-cdk-lib', 'constructs']);
    expect(written).not.toHaveProperty('optionalDependencies');
    expect(written).not.toHaveProperty('scripts');
  });

  it('synthesizes in an app of its own, offline, as docs/deploy.md shows it', () => {
    writeFileSync(join(project, 'app.js'), transformSync(shown, { loader: 'ts' }).code);
    expect(run('app.js')).toMatchObject({ status: 0, stderr: '' });
    const template = JSON.parse(readFileSync(join(project, 'out/Network.template.json'), 'utf8'));
    const functions = Object.values<{ Type: string; Properties: Record<string, never> }>(template.Resources).filter(
      ({ Type }) => Type === 'AWS::Lambda::Function',
    );
    expect(functions.length).toBeGreaterThanOrEqual(5);
    for (const { Properties } of functions) {
      const [hash] = String((Properties.Code as { S3Key: string } | undefined)?.S3Key).split('.');
      const files = readdirSync(join(project, 'out', `asset.${hash}`));
      expect(files).toContain('index.mjs');
      expect(files.filter((file) => !file.endsWith('.mjs'))).toEqual([]);
    }
    expect(Object.keys(template.Outputs)).toContain('Endpoint');
  });

  it('refuses what is wrong in the app of others too, with its place', () => {
    writeFileSync(
      join(project, 'wrong.js'),
      transformSync(shown.replace('nodeRoles: {', 'nodeRole: {'), { loader: 'ts' }).code,
    );
    expect(run('wrong.js').stderr).toContain('Network/Ipam: nodeRole is not known: did you mean nodeRoles?');
  });

  it('has types that the compiler takes, and with which it finds a mistake', { timeout: 120_000 }, () => {
    const check = (name: string, text: string) => {
      writeFileSync(join(project, name), text);
      const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2022'];
      const tsc = resolve('node_modules/.bin/tsc');
      return spawnSync(tsc, [...options, '--types', '', name], { cwd: project, encoding: 'utf8' }).stdout;
    };
    expect(check('right.ts', shown)).toBe('');
    const wrong = shown.replace("cluster: 'production'", 'cluster: 5');
    expect(check('wrong.ts', wrong)).toContain("Type 'number' is not assignable to type 'string'");
  });
});
