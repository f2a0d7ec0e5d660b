/** Each way to deploy that the documentation shows: its settings are read from there. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { App } from 'aws-cdk-lib';
import { transformSync } from 'esbuild';
import type { Settings } from '../../infra/settings.ts';
import { deployment, directory } from './deployments.ts';

export interface Variant {
  /** The heading under which it stands. */
  readonly name: string;
  readonly settings: Settings;
  /** Names of its stacks. */
  readonly stacks: readonly string[];
  build(): App;
}

const pages = ['deploy', 'private', 'declared-pools'].map((name) =>
  readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), 'utf8'),
);

/** Settings files in TypeScript, by the last heading before each. */
function settingsBlocks(): [name: string, text: string][] {
  const found: [string, string][] = [];
  let heading = '';
  for (const [, title, block] of pages.join('\n').matchAll(/^#+ (.+)$|^```ts\n([\s\S]*?)^```$/gm)) {
    heading = title ?? heading;
    if (block?.includes('const settings: Settings')) found.push([heading, block]);
  }
  return found;
}

async function settingsIn(text: string): Promise<Settings> {
  const file = join(directory(), 'settings.mjs');
  writeFileSync(file, transformSync(text, { loader: 'ts' }).code);
  return (await import(pathToFileURL(file).href)).default;
}

export const variants: readonly Variant[] = await Promise.all(
  settingsBlocks().map(async ([name, text]) => {
    const settings = await settingsIn(text);
    return { name, settings, stacks: Object.keys(settings), build: () => deployment(settings) };
  }),
);
