/** Valid inputs of the plugin with something wrong in them: configuration, environment, the node's file, the API's answers. */
import fc from 'fast-check';
import { isObject, parseJson } from '../../../cni-shim/machine/json.ts';

/** What the API answers instead of a valid answer; `dies`: the connection is lost. */
export type WrongAnswer =
  | { readonly status: number; readonly body: string; readonly headers: Readonly<Record<string, string>> }
  | 'dies';

export interface MalformedInput {
  readonly verb: 'ADD' | 'DEL' | 'CHECK' | 'GC' | 'STATUS';
  readonly wrong: 'configuration' | 'environment' | 'node' | 'answer';
  readonly stdin: string;
  /** Over the valid environment; undefined: not set. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Text of the node's configuration from the valid one. */
  node(valid: string): string;
  /** Of each answer from the valid one, in their order; the last one is for all that follow. */
  readonly answers: readonly ((valid: string) => WrongAnswer)[];
}

const subnet = '10.1.0.0/16';
const common = { name: 'malformed', type: 'bridge' };
const routes = [
  { dst: '0.0.0.0/0', mtu: 1400, table: 7 },
  { dst: 'fd00::/8', gw: 'fd00:1::1' },
];
const validConfigurations = [
  { cniVersion: '1.1.0', ...common, ipam: { type: 'lessor', ranges: [[{ subnet, gateway: '10.1.0.1' }]], routes } },
  { cniVersion: '1.0.0', ...common, ipam: { type: 'lessor', subnet, rangeStart: '10.1.0.9', rangeEnd: '10.1.9.9' } },
  {
    cniVersion: '0.4.0',
    ...common,
    ipam: { type: 'lessor', pool: 'blue', vrf: 'red' },
    args: { cni: { ips: ['10.1.0.7'] } },
  },
  {
    cniVersion: '0.3.1',
    ...common,
    ipam: { type: 'lessor', pools: ['blue', 'green'] },
    runtimeConfig: { ips: ['10.1.0.7/16'] },
  },
  {
    cniVersion: '0.2.0',
    ...common,
    ipam: { ranges: [[{ subnet }]], routes: [{ dst: '0.0.0.0/0' }] },
    runtimeConfig: { ipRanges: [[{ subnet: 'fd00:1::/64' }]] },
  },
];

/** What the later verbs are given beside; each of them is of 1.1.0. */
const beside = {
  cniVersion: '1.1.0',
  prevResult: { cniVersion: '1.1.0', ips: [{ address: '10.1.0.5/16', gateway: '10.1.0.1' }] },
  // The one that must not be touched.
  'cni.dev/valid-attachments': [
    { containerID: 'resident', ifname: 'eth0' },
    { containerID: 'c1', ifname: 'eth0' },
  ],
};

/** Nothing that is a path of this machine: a wrong `dataDir` must not lead anywhere. */
const strangeValues: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    -1,
    1.5,
    1e308,
    '',
    ' ',
    'x',
    '../x',
    '.',
    '\0',
    '\u2028',
    'ä',
    [],
    {},
    [[]],
    [null],
    [{}],
  ),
  fc.constantFrom<unknown>(
    '10.1.0.0/33',
    '10.1.0.0/31',
    '010.1.0.0/16',
    '10.1.0.9/16',
    '::ffff:10.1.0.0/112',
    'fd00::/129',
    '10.1.0.5-10.1.0.9',
  ),
  fc.constantFrom<unknown>('9.9.9', '1.0', 'x'.repeat(300), 'y'.repeat(100_000), ['x', 'x'], { subnet }, [
    [{ subnet }],
    [{ subnet }],
  ]),
  fc.string().filter((text) => !text.startsWith('/')),
  fc.jsonValue({ maxDepth: 2 }).filter((value) => typeof value !== 'string' || !value.startsWith('/')),
);

interface Change {
  readonly where: number;
  readonly how: 'delete' | 'replace' | 'wrap' | 'rename' | 'double';
  readonly value: unknown;
}
const change: fc.Arbitrary<Change> = fc.record({
  where: fc.nat(),
  how: fc.constantFrom('delete', 'replace', 'replace', 'replace', 'wrap', 'rename', 'double'),
  value: strangeValues,
});

type Container = Record<string, unknown> | unknown[];

/** Every position in a JSON value, as the container and the key in it. */
function pathsIn(value: unknown): { container: Container; key: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  const container = value as Container;
  return Object.entries(container).flatMap(([key, inner]) => [{ container, key }, ...pathsIn(inner)]);
}

function changed(valid: string, changes: readonly Change[]): string {
  const tree = JSON.parse(valid) as unknown;
  for (const { where, how, value: given } of changes) {
    // A later change may put it into itself.
    const value = structuredClone(given);
    const paths = pathsIn(tree);
    const path = paths[where % Math.max(1, paths.length)];
    if (path === undefined) continue;
    const container = path.container as Record<string, unknown>;
    const { key } = path;
    const old = container[key];
    if (how === 'delete') Array.isArray(container) ? container.splice(Number(key), 1) : delete container[key];
    else if (how === 'replace') container[key] = value;
    else if (how === 'wrap') container[key] = typeof value === 'object' ? { x: old } : [old];
    else if (how === 'double') container[key] = typeof old === 'string' ? old + old : [old, old];
    else {
      delete container[key];
      container[`${key}x`] = old;
    }
  }
  return JSON.stringify(tree);
}

/** No JSON any more, or hardly. */
const spoilt: fc.Arbitrary<(valid: string) => string> = fc.oneof(
  fc.nat().map((at) => (valid: string) => valid.slice(0, at % valid.length)),
  fc
    .tuple(fc.nat(), fc.constantFrom('\0', '"', '{', ']', ',', '\\', 'NaN', '<'))
    .map(([at, piece]) => (valid: string) => {
      const index = at % valid.length;
      return valid.slice(0, index) + piece + valid.slice(index);
    }),
  fc.string({ unit: 'binary' }).map((text) => () => text),
  fc
    .constantFrom(
      '',
      'null',
      '[]',
      '"x"',
      '7',
      '{}',
      `${'['.repeat(5000)}${']'.repeat(5000)}`,
      '<!doctype html><p>x</p>',
    )
    .map((text) => () => text),
);
const changedTree: fc.Arbitrary<(valid: string) => string> = fc
  .array(change, { minLength: 1, maxLength: 3 })
  .map((changes) => (valid: string) => changed(valid, changes));
const wrongText = fc.oneof({ weight: 3, arbitrary: changedTree }, { weight: 1, arbitrary: spoilt });

const headers: fc.Arbitrary<Record<string, string>> = fc.constantFrom<Record<string, string>>(
  {},
  { 'content-type': 'text/html' },
  { 'content-type': 'application/problem+json', 'apigw-requestid': 'request-1' },
  { location: 'http://elsewhere.example.com/?x-amz-security-token=t', date: 'never' },
  { date: 'Thu, 01 Jan 1970 00:00:00 GMT', 'retry-after': '1000000' },
);
const problem = JSON.stringify({
  type: 'urn:lessor:problem:pool.exhausted',
  title: 'The pool has no free address',
  status: 409,
  detail: 'pool blue is full: give it more ranges',
  code: 'pool.exhausted',
  former: ['0000000000000001:0:1'],
  requestId: 'request-1',
});
const page = '<html><body><h1>502 Bad Gateway</h1></body></html>';
const statuses = [
  201, 202, 206, 300, 301, 302, 307, 308, 400, 401, 403, 404, 408, 409, 418, 422, 429, 500, 502, 503, 504,
];

const wrongAnswer: fc.Arbitrary<(valid: string) => WrongAnswer> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(wrongText, headers).map(([spoil, more]) => (valid: string) => ({
      status: 200,
      body: spoil(valid),
      headers: more,
    })),
  },
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.constantFrom(...statuses), fc.constantFrom('', page, '{"message":"Forbidden"}', problem), headers)
      .map(([status, body, more]) => () => ({ status, body, headers: more })),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(fc.constantFrom(...statuses), wrongText, headers).map(([status, spoil, more]) => () => ({
      status,
      body: spoil(problem),
      headers: more,
    })),
  },
  { weight: 2, arbitrary: fc.constant(() => 'dies' as const) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(200, 400, 502)
      .map((status) => () => ({ status, body: `"${'z'.repeat(2_000_000)}"`, headers: {} })),
  },
);

const strangeText = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '.',
    '..',
    '../x',
    'a/b',
    'x'.repeat(300),
    'ä',
    'a b',
    'a:b',
    '\n',
    '-',
    '{}',
    'x'.repeat(5000),
  ),
  fc.string().map((text) => text.replaceAll('\0', '')),
  // Of what runtimes send.
  fc.constantFrom(
    'IP=x',
    'IP=10.1.0.5/33',
    'K8S_POD_NAME',
    'a=b',
    'a=b=c;IgnoreUnknown=1',
    'IgnoreUnknown=1;;',
    `IgnoreUnknown=1;K8S_POD_NAME=${'x'.repeat(254)}`,
  ),
);
const variables = ['CNI_CONTAINERID', 'CNI_IFNAME', 'CNI_NETNS', 'CNI_ARGS', 'CNI_COMMAND', 'LESSOR_CONFIG'] as const;
const wrongEnvironment: fc.Arbitrary<Record<string, string | undefined>> = fc
  .tuple(
    fc.constantFrom(...variables),
    fc.oneof({ weight: 5, arbitrary: strangeText }, { weight: 1, arbitrary: fc.constant(undefined) }),
  )
  // Without a name the machine's own node configuration would be read.
  .filter(([name, value]) => name !== 'LESSOR_CONFIG' || (value !== undefined && value !== ''))
  .map(([name, value]) => ({ [name]: value }));

const same = (valid: string): string => valid;
export const malformedInput: fc.Arbitrary<MalformedInput> = fc
  .record({
    verb: fc.constantFrom('ADD', 'ADD', 'ADD', 'DEL', 'CHECK', 'GC', 'STATUS'),
    configuration: fc.constantFrom(...validConfigurations),
    wrong: fc.constantFrom('configuration', 'configuration', 'environment', 'node', 'answer', 'answer'),
    text: wrongText,
    env: wrongEnvironment,
    answers: fc.array(wrongAnswer, { minLength: 1, maxLength: 3 }),
  })
  .map(({ verb, configuration, wrong, text, env, answers }) => {
    const isLater = verb !== 'ADD' && verb !== 'DEL';
    const ipam = verb === 'STATUS' ? { ...configuration.ipam, status: 'capacity' } : configuration.ipam;
    const valid = JSON.stringify(isLater ? { ...configuration, ipam, ...beside } : configuration);
    return {
      verb,
      wrong,
      stdin: wrong === 'configuration' ? text(valid) : valid,
      env: wrong === 'environment' ? env : {},
      node: wrong === 'node' ? text : same,
      answers: wrong === 'answer' ? answers : [],
    };
  }) as fc.Arbitrary<MalformedInput>;

/** The node's configuration with its own directory: without one, or with another path, the call would write into the machine's. */
export function staying(dataDir: string, text: string): string {
  const content = parseJson(text);
  if (!isObject(content)) return text;
  const { dataDir: given } = content;
  const leads = !given || (typeof given === 'string' && given.startsWith('/'));
  return leads ? JSON.stringify({ ...content, dataDir }) : text;
}
