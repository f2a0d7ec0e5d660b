/** Where the compilers of a release come from: only what package-lock.json states is used. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchPackage, type LockedPackage, lockedPackage, type Pack } from '../../release/bun-packages.ts';
import { PLATFORMS } from '../../release/release.ts';

const genuine = 'the tarball';
const locked: LockedPackage = {
  name: '@oven/bun-linux-x64',
  version: '1.2.3',
  integrity: `sha512-${createHash('sha512').update(genuine).digest('base64')}`,
};
const FILE = 'oven-bun-linux-x64-1.2.3.tgz';

let cache: string;
let packs: number;
const packing =
  (...contents: string[]): Pack =>
  async (_, directory) => {
    packs++;
    contents.forEach((content, index) => {
      writeFileSync(join(directory, `packed-${index}.tgz`), content);
    });
  };

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'lessor-cache-'));
  packs = 0;
});
afterEach(() => rmSync(cache, { recursive: true }));

describe('a package of a compiler', () => {
  it('is packed once and kept', async () => {
    const path = await fetchPackage(locked, cache, packing(genuine));
    expect(path).toBe(join(cache, FILE));
    expect(readFileSync(path, 'utf8')).toBe(genuine);
    expect(await fetchPackage(locked, cache, packing(genuine))).toBe(path);
    expect(packs).toBe(1);
    expect(readdirSync(cache)).toEqual([FILE]);
  });

  it('is refused where it is not what the lock file states, and nothing of it stays', async () => {
    await expect(fetchPackage(locked, cache, packing('a stranger'))).rejects.toThrow(
      /^@oven\/bun-linux-x64@1\.2\.3 was refused: its tarball is sha512-.*, package-lock\.json states sha512-/,
    );
    expect(readdirSync(cache)).toEqual([]);
  });

  it('is packed anew where somebody changed the one that was kept', async () => {
    const path = await fetchPackage(locked, cache, packing(genuine));
    writeFileSync(path, 'changed');
    await fetchPackage(locked, cache, packing(genuine));
    expect(readFileSync(path, 'utf8')).toBe(genuine);
    expect(packs).toBe(2);
  });

  it.each([
    ['none', [] as string[]],
    ['two', [genuine, genuine]],
  ])('is refused where npm left %s', async (_, contents) => {
    await expect(fetchPackage(locked, cache, packing(...contents))).rejects.toThrow('not one');
    expect(readdirSync(cache)).toEqual([]);
  });
});

describe('the lock file', () => {
  const path = fileURLToPath(new URL('../../package-lock.json', import.meta.url));

  it('states one version of bun, with a sha512, for every platform of a release', () => {
    const packages = PLATFORMS.map(({ bun }) => lockedPackage(path, bun));
    expect(new Set(packages.map(({ version }) => version)).size).toBe(1);
    expect(new Set(packages.map(({ integrity }) => integrity)).size).toBe(PLATFORMS.length);
  });

  it('that does not name a package is told apart from one that does', () => {
    expect(() => lockedPackage(path, '@oven/bun-plan9')).toThrow(
      'has no version and sha512 of @oven/bun-plan9: name it in optionalDependencies',
    );
  });
});
