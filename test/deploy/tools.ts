/** What install.sh brings. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const cached = (path: string): string =>
  fileURLToPath(new URL(`../../node_modules/.cache/deploy/${path}`, import.meta.url));

export const PROMTOOL = cached('bin/promtool');
export const PROMETHEUS = cached('bin/prometheus');

/** Those of them that are not there. */
export const missingTools = (...paths: string[]): string[] =>
  paths.filter((path) => !existsSync(path)).map((path) => `${path.split('/').at(-1)} (bash test/deploy/install.sh)`);
