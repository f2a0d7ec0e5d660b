/** Runs a client of the local stack as a process of its own, with the stack's address and credentials in its environment. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { AccessKeys } from '../../local/aws/identities.ts';
import type { LocalStack } from '../../local/stack/stack.ts';
import { available } from '../support/prerequisite.ts';

export const SPECIFICATION = resolve('docs/openapi.json');

const CACHE = resolve('node_modules/.cache/clients');
const PYTHON = join(CACHE, 'python/bin');
export const packages = join(CACHE, 'typescript/node_modules');

/** A program of the Python environment. */
export const python = (program: string): string => join(PYTHON, program);

const installed = (what: string, path: string) =>
  available(what, existsSync(path) ? [] : [`${path} (bash test/clients/install.sh)`]);

export const hasPython = (what: string): boolean => installed(what, python('python'));
export const hasPackages = (what: string): boolean => installed(what, packages);

const keysText = ({ accessKeyId, secretAccessKey, sessionToken }: AccessKeys): string =>
  JSON.stringify({ accessKeyId, secretAccessKey, sessionToken });

/** @throws Error with all that it wrote, where it fails */
export async function runClient(
  stack: LocalStack,
  command: string,
  args: readonly string[],
  { cwd, minutes = 2 }: { readonly cwd: string; readonly minutes?: number },
): Promise<string> {
  const env = {
    ...process.env,
    LESSOR_ENDPOINT: stack.endpoint,
    LESSOR_REGION: stack.region,
    LESSOR_OPERATOR: keysText(stack.operator),
    LESSOR_NODE: keysText(stack.nodes[0]),
  };
  const options = { cwd, env, timeout: minutes * 60_000, maxBuffer: 64 * 1024 * 1024 };
  const failed = (error: { stdout?: string; stderr?: string }) => {
    throw new Error(`${command} ${args.join(' ')}\n${error.stdout}\n${error.stderr}`);
  };
  return (await promisify(execFile)(command, args, options).catch(failed)).stdout;
}
