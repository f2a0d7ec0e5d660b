/** Builds the page: one script, one style sheet, its fonts. Nothing is built when the released executable runs. */
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import type { PageFile } from './page-file.ts';

const page = resolve(fileURLToPath(import.meta.url), '../../page');

const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  woff2: 'font/woff2',
};

/** By path. @throws Error where esbuild fails */
export async function buildPage(): Promise<Record<string, PageFile>> {
  const { outputFiles } = await build({
    entryPoints: [
      { in: join(page, 'main.tsx'), out: 'console' },
      { in: join(page, 'styles', 'console.css'), out: 'console' },
    ],
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    loader: { '.woff2': 'file' },
    assetNames: '[name]',
    outdir: '/',
    publicPath: '/',
    legalComments: 'none',
    write: false,
    logLevel: 'silent',
  });
  const files = outputFiles.map(({ path, contents }): [string, PageFile] => {
    const type = TYPES[path.split('.').at(-1) ?? ''] ?? 'application/octet-stream';
    return [`/${basename(path)}`, { type, body: contents }];
  });
  return {
    ...Object.fromEntries(files),
    '/': { type: 'text/html; charset=utf-8', body: await readFile(join(page, 'index.html'), 'utf8') },
    '/icon.svg': { type: 'image/svg+xml', body: await readFile(join(page, 'icon.svg'), 'utf8') },
  };
}

/** For the bundle of lessorctl: the built page in the place of the module that builds it. */
export const embeddedPage = (): Plugin => ({
  name: 'embedded-page',
  setup(bundle) {
    bundle.onLoad({ filter: /[\\/]console[\\/]server[\\/]page-files\.ts$/ }, async () => {
      const files = Object.entries(await buildPage()).map(([path, { type, body }]) => {
        const base64 = Buffer.from(body).toString('base64');
        return `${JSON.stringify(path)}: { type: ${JSON.stringify(type)}, body: Buffer.from(${JSON.stringify(base64)}, 'base64') }`;
      });
      return { loader: 'js', contents: `export const pageFiles = async () => ({${files.join(',\n')}});` };
    });
  },
});
