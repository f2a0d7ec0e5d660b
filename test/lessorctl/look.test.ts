/** The commands that look, against the local stack, with requests that are really signed. */
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod/mini';
import { routes } from '../../core/contract/routes.ts';
import { operatorClient } from '../../local/demo/operator.ts';
import { type LocalStack, startStack } from '../../local/stack/stack.ts';
import { askAt } from '../support/asking.ts';
import { type ControlOptions, control, signAs } from './control.ts';

const ESCAPE = '\u001b';

let stack: LocalStack;
/** Of a pod of each pool. */
const address: Record<string, string> = {};

beforeAll(async () => {
  stack = await startStack();
  const operator = operatorClient(stack.endpoint, stack.region, stack.operator);
  const make = (name: string, subnets: string[], more = {}) =>
    operator.ask('createPool', { body: { name, ranges: subnets.map((subnet) => [{ subnet }]), ...more } });
  await make('blue', ['10.1.0.0/24', 'fd00:1::/64'], {
    exclude: ['10.1.0.16/28'],
    quotas: { shop: 200 },
    reservations: [{ name: 'database', addresses: ['10.1.0.40'], namespace: 'shop', pod: 'db-0' }],
  });
  await make('routed', ['10.8.0.0/16'], { affinity: 'node', gateway: 'block' });
  await operator.ask('createPool', { body: { vrf: 'red', name: 'blue', ranges: [[{ subnet: '10.1.0.0/24' }]] } });
  const [first, second] = stack.nodes;
  await lease(first, 'blue', 'a');
  await lease(second, 'routed', 'b');
  // A node is known from its first lease on.
  await askAt(stack, first, 'POST', routes.heartbeat.path, {
    boot: 'boot-1',
    name: 'ip-10-0-1-17.eu-central-1.compute.internal',
    version: '0.1.0',
    journal: {
      ...{ attachments: 1, held: 1, mayHold: 1, local: 0, outbox: 2, outboxOldestSeconds: 60, lost: 1, blocks: 0 },
      lostLeases: [{ addresses: ['10.1.0.77/24'], containerId: 'c', pod: 'shop/cart-0' }],
    },
  });
  signAs(stack.operator);
}, 120_000);
afterAll(() => stack?.stop());

async function lease(node: LocalStack['nodes'][number], pool: string, containerId: string): Promise<void> {
  const answer = await askAt(stack, node, 'POST', routes.allocate.path, {
    attachment: { network: 'pods', containerId, ifname: 'eth0' },
    nonce: containerId.repeat(32),
    attempt: 1,
    boot: 'boot-1',
    pool: { name: pool },
    pod: { namespace: 'shop', name: `web-6d4cf56db6-${containerId}` },
  });
  expect(answer.status).toBe(200);
  address[pool] = answer.body.addresses[0].address.split('/')[0];
}

const ctl = (line: string, options: ControlOptions = {}) =>
  control(line, { ...options, env: { LESSOR_ENDPOINT: stack.endpoint, AWS_REGION: stack.region, ...options.env } });
/** Words in braces are addresses of pods. */
const filled = (line: string) => line.replace(/\{(\w+)\}/g, (_, pool: string) => address[pool] ?? '');

const list = <T extends z.core.$ZodType>(key: string, row: T) => z.strictObject({ [key]: z.array(row) });
const { pools } = routes.listPools.result.shape;
const pastLeases = routes.leaseHistory.result.shape.leases;

/** What is in the table, and what the document is. */
const looks: [line: string, shown: RegExp, document: z.core.$ZodType, name: RegExp][] = [
  ['vrfs', /^default +2\nred +1$/m, list('vrfs', routes.listVrfs.result.shape.vrfs.def.element), /^default\nred\n$/],
  ['pools -A', /^red +blue +active/m, z.strictObject({ pools }), /^blue\nrouted\nblue\n$/],
  ['pools', /^blue +active +\d+%|^blue +active +<1%/m, z.strictObject({ pools }), /^blue\nrouted\n$/],
  [
    'pool blue',
    /^Changed last at .* \(pool\.created\)\.$/m,
    z.object({ pool: routes.readPool.result, usage: routes.usage.result }),
    /^blue\n$/,
  ],
  [
    'pool show routed --fast',
    /^Blocks +64 addresses each, of one node$/m,
    z.object({ pool: routes.readPool.result, usage: routes.usage.result }),
    /^routed\n$/,
  ],
  [
    'blocks routed',
    /^[0-9a-f]+ +10\.8\.\d+\.\d+\/26 +claimed +i-/m,
    z.strictObject({ blocks: routes.listBlocks.result.shape.blocks }),
    /^10\.8\.\d+\.\d+\/26\n$/,
  ],
  [
    'routes routed',
    /^10\.8\.\d+\.\d+\/26 +- +i-0123456789abcdef1 +-$/m,
    list('routes', z.strictObject({ prefix: z.string(), node: z.string() })),
    /^10\.8\.\d+\.\d+\/26\n$/,
  ],
  [
    'nodes',
    /^i-0123456789abcdef0 +ip-10-0-1-17\S+ +alive +\d+s/m,
    z.strictObject({ nodes: routes.listNodes.result.shape.nodes }),
    /^i-0123456789abcdef\d\ni-0123456789abcdef\d\n$/,
  ],
  [
    'node ip-10-0-1-17.eu-central-1.compute.internal',
    /^Untold +2 for 1m\nLost +1$[\s\S]*^10\.1\.0\.77 +shop\/cart-0 +c$[\s\S]*^POOL +BLOCK$/m,
    routes.readNode.result,
    /^i-0123456789abcdef0\n$/,
  ],
  ['node i-0123456789abcdef1', /^State +alive$/m, routes.readNode.result, /^i-0123456789abcdef1\n$/],
  [
    'leases blue',
    /^10\.1\.0\.\d+,fd00:1::\S+ +held +shop\/web-\S+ +i-/m,
    list('leases', routes.listLeases.result.shape.leases.def.element),
    /^10\.1\.0\.\d+\nfd00:1::\S+\n$/,
  ],
  [
    'leases --node i-0123456789abcdef1',
    /held +routed +shop\/web/,
    z.strictObject({ leases: routes.findLeases.result.shape.leases }),
    /^10\.8/,
  ],
  [
    'leases --pod shop/web-6d4cf56db6-a',
    /held +blue/,
    z.strictObject({ leases: routes.findLeases.result.shape.leases }),
    /^10\.1/,
  ],
  [
    'leases -n shop --state held',
    /held +blue/,
    z.strictObject({ leases: routes.findLeases.result.shape.leases }),
    /^10\.1/m,
  ],
  [
    'leases -n shop -A',
    /^default +10\.1\.0\.\d+,\S+ +held/m,
    z.object({ leases: routes.findLeases.result.shape.leases }),
    /^10\.1/m,
  ],
  ['who {blue}', /^Pod +shop\/web-6d4cf56db6-a$/m, routes.searchAddress.result, /^shop\/web-6d4cf56db6-a\n$/],
  ['who 10.1.0.16', /^What that is +a gateway, or excluded/m, routes.searchAddress.result, /^$/],
  ['who {blue} --at 0s', /was held at|is not known/, routes.addressHistory.result, /^/],
  [
    'history address {blue}',
    /now +10\.1\.0\.\d+,fd00:1::\S+ +shop\/web-6d4cf56db6-a/,
    routes.addressHistory.result,
    /^shop\/web-6d4cf56db6-a\n$/,
  ],
  [
    'history pod shop/web-6d4cf56db6-a --since 1h',
    /now +10\.1/,
    z.strictObject({ leases: pastLeases, knownUntil: z.string() }),
    /^10\.1/,
  ],
  [
    'history node i-0123456789abcdef1',
    /now +10\.8/,
    z.strictObject({ leases: pastLeases, knownUntil: z.string() }),
    /^10\.8/,
  ],
  [
    'audit',
    /pool\.created +default\/routed +done +user\/operator +-$/m,
    z.strictObject({ entries: routes.audit.result.shape.entries }),
    /^red\/blue\ndefault\/routed\ndefault\/blue\n$/,
  ],
  [
    'audit --last 2',
    /pool\.created +red\/blue[\s\S]*default\/routed/,
    z.strictObject({ entries: routes.audit.result.shape.entries }),
    /^red\/blue\ndefault\/routed\n$/,
  ],
  [
    'audit --pool blue --since 1h',
    /pool\.created +default\/blue/,
    z.strictObject({ entries: routes.audit.result.shape.entries }),
    /^default\/blue\n$/,
  ],
  ['deaths', /^No node was declared dead\.$/m, z.strictObject({ deaths: routes.listDeaths.result.shape.deaths }), /^$/],
  ['usage', /^routed +<1% +1 +0/m, list('pools', routes.usage.result), /^blue\nrouted\n$/],
  ['usage blue --by namespace', /^shop +1 +0 +<1%$/m, routes.usage.result, /^blue\n$/],
  [
    'usage routed --node i-0123456789abcdef1',
    /^It could get +\d+ addresses at most, in 63 more blocks$/m,
    routes.usage.result,
    /^routed\n$/,
  ],
  ['usage -A --fast', /^red +blue +0% +0 /m, list('pools', routes.usage.result), /^blue\nrouted\nblue\n$/],
  ['forecast', /^blue .*too-few-samples/m, list('forecasts', routes.forecast.result), /^blue\nrouted\n$/],
  ['top', /^2 pools in VRF default, \d leases? held$/m, list('pools', routes.usage.result), /blue\n/],
  ['top -A', /^3 pools in all VRFs, \d leases? held$/m, list('pools', routes.usage.result), /blue\n/],
];

describe.each(looks)('lessorctl %s', (line, shown, document, name) => {
  it('shows it in 80 columns, in colours', async () => {
    const { code, stdout, stderr } = await ctl(filled(line), { columns: 80 });
    expect([code, stderr]).toEqual([0, '']);
    const text = stripVTControlCharacters(stdout);
    expect(text.split('\n').filter((one) => one.length > 80)).toEqual([]);
    expect(stdout).not.toBe('');
    expect((await ctl(filled(line), { columns: 80, env: { NO_COLOR: '1' } })).stdout).not.toContain(ESCAPE);
  });

  it('says it whole to a pipe, without colours; wide is no narrower', async () => {
    const { code, stdout } = await ctl(filled(line));
    expect(code).toBe(0);
    expect(stdout).toMatch(shown);
    expect(stdout).not.toContain(ESCAPE);
    expect(stdout).not.toContain('…');
    const { stdout: wide } = await ctl(`${filled(line)} -o wide`);
    expect(Math.max(...wide.split('\n').map(({ length }) => length))).toBeGreaterThanOrEqual(
      Math.max(...stdout.split('\n').map(({ length }) => length)),
    );
  });

  it('gives the document of the contract, as JSON and as YAML, and names', async () => {
    const now = () => Date.parse('2026-11-28T12:00:00Z');
    const [json, yaml, names] = await Promise.all(
      ['json', 'yaml', 'name'].map((format) =>
        ctl(`${filled(line)} -o ${format}`, line.includes('--at') ? { now } : {}),
      ),
    );
    expect(z.safeParse(document, JSON.parse(json?.stdout ?? '')).error?.issues).toBeUndefined();
    const { at: _, knownUntil: __, ...rest } = parse(yaml?.stdout ?? '');
    expect(JSON.parse(json?.stdout ?? '')).toMatchObject(
      line.startsWith('history pod') || /usage|forecast|top|pool /.test(line) ? {} : rest,
    );
    expect(names?.stdout).toMatch(name);
  });
});

describe('what is wrong is said in one line, with its exit code', () => {
  it.each([
    ['pols', 21, "unknown command 'pols' (did you mean pools?): see lessorctl help"],
    ['pools --vrff x', 21, "unknown option '--vrff' (did you mean --vrf?): see lessorctl help"],
    [
      'pools -o xml',
      21,
      "option '-o, --output <FORMAT>' argument 'xml' is invalid. Allowed choices are table, wide, json, yaml, name",
    ],
    ['pool', 21, "missing required argument 'pool'"],
    ['pool shopp', 23, 'VRF default has no pool shopp'],
    ['leases', 21, 'it is not said whose leases are meant: give a pool, --node, --namespace or --pod'],
    ['leases blue -A', 21, 'a pool is in one VRF, and --all-vrfs is given: name its VRF with --vrf'],
    ['leases blue --node i-1', 21, 'leases are listed by one of pool, node and pod'],
    ['leases --pod web-1', 21, '--pod "web-1" names no pod of a namespace: write it like shop/web-1'],
    ['nodes --silent soon', 21, '--silent "soon" is no span of time: write it like 90s, 30m, 4h, 2d or 1w'],
    ['who 10.1.0.5 --at 2026-13-01', 21, '--at "2026-13-01" is no time'],
    ['who 10.1.0.300', 21, '10.1.0.300'],
    ['node i-0', 26, 'i-0'],
    ['routes routed --for linux', 21, 'no next hop is known of i-0123456789abcdef1 (kubectl is not there): give --via'],
    ['routes routed --for linux --via a=$(reboot)', 21, '--via "a=$(reboot)" names no next hop: write it like'],
    ['routes routed --via nobody=192.0.2.1', 21, '--via nobody is no node that lives'],
    ['routes routed --for linux --present nowhere', 21, '--present nowhere is not there'],
    ['routes routed --for aws', 21, '--for aws is without --route-table'],
    [
      'pools --endpoint http://example.com',
      21,
      '--endpoint "http://example.com" is not https: only a loopback address may be http',
    ],
    ['pools --endpoint http://127.0.0.1:9', 30, 'http://127.0.0.1:9 cannot be reached'],
    ['pools --profile nobody', 10, 'there are no usable AWS credentials of profile nobody'],
  ])('%s', async (line, exit, text) => {
    let asked = 0;
    // Nobody waits here: the second look at the clock is after all patience.
    const { code, stdout, stderr } = await ctl(line, exit === 30 ? { now: () => 100_000 * asked++ } : {});
    expect([code, stdout]).toEqual([exit, '']);
    expect(stderr).toContain(text);
    expect(stderr).toMatch(/^lessorctl: [^\n]+\n$/);
  });

  it('who is no operator is told what is missing', async () => {
    signAs(stack.nodes[0]);
    const { code, stderr } = await ctl('pools');
    signAs(stack.operator);
    expect([code, stderr]).toEqual([11, expect.stringContaining('sign as somebody who has the operator policy')]);
  });
});
