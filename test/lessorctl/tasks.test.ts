/** docs/operators.md, from its first command to its last, on the local stack. LESSOR_SHOW=1 prints what each of them says. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type LocalStack, startStack } from '../../local/stack/stack.ts';
import { leasing } from '../local/stack/leasing.ts';
import { type ControlPlane, controlPlane } from '../restore/control-plane.ts';
import { control, signAs } from './control.ts';
import { tablesIn } from './restoring.ts';

let stack: LocalStack;
let plane: ControlPlane;
/** What the operator has on her disk. */
const files: Record<string, string> = {
  '10-lessor.conflist': JSON.stringify({
    name: 'pods',
    plugins: [{ type: 'bridge', ipam: { type: 'lessor', pool: 'shop' } }],
  }),
};

beforeAll(async () => {
  stack = await startStack();
  signAs(stack.operator);
  // What the page has to be done first is all that there is.
  for (const line of commandsOf(introduction)) await type(line);
  await leasing(() => stack)(stack.nodes[0], 'shop');
  await standIn();
}, 120_000);
afterAll(async () => {
  await plane?.stop();
  await stack?.stop();
});

/** For what of AWS is no part of the local stack. Its tables were as they are two hours ago. */
async function standIn(): Promise<void> {
  const all = await tablesIn(stack.dynamodb.endpoint);
  const [pools = '', leases = ''] = ['Pools', 'Leases'].map((part) => all.find((name) => name.includes(part)));
  let ago = 2 * 3_600_000;
  plane = await controlPlane(stack.dynamodb.endpoint, [pools, leases], () => Date.now() - ago);
  Object.assign(plane.outputs, { ApiId: 'abc123', PoolsTable: pools, LeasesTable: leases, Throttle: '2000/1000' });
  await plane.remember();
  ago = 0;
  vi.stubEnv('AWS_ENDPOINT_URL', plane.endpoint);
}

const words = (line: string) => [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');

async function type(line: string) {
  const [command = '', file] = line.split(' > ');
  const env = { LESSOR_ENDPOINT: stack.endpoint, LESSOR_STACK: 'Lessor', AWS_REGION: stack.region };
  // What is watched is interrupted; what is busy on a slow machine is repeated.
  const pauses = command.includes('--watch') ? 0 : 100;
  const ran = await control(words(command), { env, files, answers: ['y'], pauses });
  if (file !== undefined) files[file] = ran.stdout;
  return ran;
}

const commandsOf = (text: string) => [...text.matchAll(/^lessorctl (.+)$/gm)].map(([, line = '']) => line);
const page = readFileSync('docs/operators.md', 'utf8');
const [introduction = '', ...parts] = page.split(/^## /m);
const tasks = parts.map((task) => [task.split('\n')[0] ?? '', commandsOf(task)] as const);

/** Other than 0, and why. */
const otherwise: Readonly<Record<string, number>> = {
  // The node leased just now: so it is no dead one.
  'node declare-dead i-0123456789abcdef0 --reason "terminated by hand"': 48,
  // Counters that follow within seconds are waited for, which takes no time here.
  'check --all-vrfs --cidrs 10.0.0.0/16': 1,
  'check --fix --dry-run': 1,
  'check --fix': 1,
  // It stops where the operator has to deploy.
  'restore --run --time 1h': 1,
  // What is watched is interrupted.
  'top --watch': 1,
};

it('a change is told with its fields', async () => {
  await type('pool set shop --order 3');
  expect((await type('audit --pool shop')).stdout).toMatch(
    /pool\.changed +default\/shop +done +user\/operator +order$/m,
  );
});

describe.each(tasks)('task %s', (_, lines) => {
  it.each(lines)('lessorctl %s', async (line) => {
    const { code, stdout, stderr } = await type(line);
    if (process.env.LESSOR_SHOW) console.log(`$ lessorctl ${line}\n${stdout}${stderr}`);
    expect([line, code === 0 || code === otherwise[line], code === 0 ? '' : stderr]).toEqual([
      line,
      true,
      code === 0 ? '' : expect.stringMatching(/\S/),
    ]);
    expect(stdout + stderr).not.toBe('');
  });
});
