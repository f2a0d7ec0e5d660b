/** `lessorctl import`: each node of a cluster imports what is its own, as its agent's pod is asked to. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Shell } from '../../lessorctl/shell/shell.ts';
import type { World } from '../functions/world.ts';
import { control } from '../lessorctl/control.ts';
import { type Allocated, addressAfter, containerOf, ipamBlocks, ippool, listOf, podObject } from './exports.ts';
import { heldIn, type ImportingNode, importingNode, NETWORK, newWorld, POOL, poolFor } from './scene.ts';

let here: World;
let nodes: ImportingNode[];
const ENV = { LESSOR_ENDPOINT: 'http://127.0.0.1:9', AWS_REGION: 'eu-central-1' };
/** Nodes without a pod of the agent's. */
let without: string[];

beforeEach(() => {
  here = newWorld();
  without = [];
  nodes = ['n-1', 'n-2', 'n-3'].map((id) => importingNode(here, id));
});
afterEach(() => {
  for (const node of nodes) node.remove();
});

/** kubectl of that cluster. */
const execute: Shell['execute'] = async (_, args, input) => {
  const from = args.indexOf('/lessor');
  if (from >= 0) {
    const node = nodes.find(({ id }) => args.includes(`lessor-${id}`));
    const ran = await node?.lessorReading(args.includes('--stdin') ? input : undefined, ...args.slice(from + 1));
    return ran && { code: ran.exitCode, stdout: ran.out, stderr: ran.err };
  }
  const [, name = ''] = /spec\.nodeName=(\S+)/.exec(args.join(' ')) ?? [];
  const config = nodes.find(({ id }) => id === name)?.node.config;
  const containers = [{ name: 'agent', args: ['agent', `--config=${config}`] }];
  const agent = {
    metadata: { namespace: 'kube-system', name: `lessor-${name}` },
    spec: { hostNetwork: true, containers },
  };
  const items = args.includes('nodes')
    ? nodes.map(({ id }) => ({ metadata: { name: id } }))
    : without.includes(name)
      ? []
      : [agent];
  return { code: 0, stdout: JSON.stringify({ items }), stderr: '' };
};

const ctl = (kind: string, text: string, more = '', answers: string[] = []) =>
  control(`import ${kind} -f export.json --network ${NETWORK} --pool ${POOL} ${more}`, {
    env: ENV,
    files: { 'export.json': text },
    execute,
    answers,
  });

/** 40 of each node, one block each, and some more. */
const allocated = (perNode = 40): Allocated[] =>
  nodes.flatMap(({ id }, index) =>
    Array.from({ length: perNode }, (_, number) => ({
      address: addressAfter('10.44.0.66', 64 * index + number),
      containerId: containerOf(1000 * (index + 1) + number),
      node: id,
      pod: { namespace: 'shop', name: `web-${index}-${number}` },
    })),
  );
const exportOf = {
  whereabouts: (all: readonly Allocated[]) =>
    listOf(
      ippool(
        '10.44.0.0/16',
        all.map((one) => ({ ...one, ifname: 'eth0' })),
      ),
      ...all.map(podObject),
    ),
  calico: (all: readonly Allocated[]) => listOf(...ipamBlocks(all), ...all.map(podObject)),
};
const wholeBlocks = { ranges: [[{ subnet: '10.44.0.0/16', rangeStart: '10.44.0.0' }]], affinity: 'node' };

test.each([
  ['whereabouts', {}],
  ['calico', wholeBlocks],
] as const)(
  'of %s: it is seen, asked, done on each node, and done a second time changes nothing',
  async (kind, pool) => {
    await poolFor(here, pool);
    const all = allocated();
    const text = exportOf[kind](all);
    const dry = await ctl(kind, text, '--dry-run');
    expect([dry.code, dry.stdout]).toEqual([0, expect.stringContaining('Nothing was changed.')]);
    expect(dry.stdout).toMatch(/n-1 +40 +- +- /);
    expect(await heldIn(here, POOL)).toEqual(new Map());
    const refused = await ctl(kind, text);
    expect([refused.code, refused.stderr]).toEqual([21, expect.stringContaining('Import 120 attachments on 3 nodes')]);
    const done = await ctl(kind, text, '', ['y']);
    expect([done.code, done.stdout]).toEqual([
      0,
      expect.stringContaining('Each address of the export with which a pod may live is held.'),
    ]);
    const expected = new Map(all.map(({ address, containerId, node }) => [address, `${node} ${containerId}`]));
    expect(await heldIn(here, POOL)).toEqual(expected);
    const again = JSON.parse((await ctl(kind, text, '-y -o json')).stdout);
    expect([again.dryRun, again.nodes.map(({ counts }: { counts: object }) => counts)]).toEqual([
      true,
      [{ already: 40 }, { already: 40 }, { already: 40 }],
    ]);
  },
);

test('Node by node: what is of other nodes is no conflict, and it is said that it is not held yet', async () => {
  await poolFor(here, {});
  const text = exportOf.calico(allocated(3));
  const done = await ctl('calico', text, '--node n-2 -y');
  expect([done.code, done.stdout]).toEqual([0, expect.stringContaining('Not each address of the export is held')]);
  expect([...(await heldIn(here, POOL)).values()].every((holder) => holder.startsWith('n-2 '))).toBe(true);
  expect(JSON.parse((await ctl('calico', text, '--node n-2 --dry-run -o json')).stdout)).toMatchObject({
    elsewhere: 6,
  });
});

test('A node that cannot be asked is named, with what it leaves open; the others import', async () => {
  await poolFor(here, {});
  without = ['n-3'];
  const done = await ctl('calico', exportOf.calico(allocated(3)), '-y -o json');
  const { notAsked, open } = JSON.parse(done.stdout);
  expect([done.code, notAsked, open.length]).toEqual([
    30,
    [{ node: 'n-3', why: expect.stringContaining('no pod') }],
    3,
  ]);
  expect((await heldIn(here, POOL)).size).toBe(6);
});

test('A node that is named twice is asked once; a cluster without nodes has not all of it held', async () => {
  await poolFor(here, {});
  const text = exportOf.calico(allocated(3));
  expect(JSON.parse((await ctl('calico', text, '--node n-2 --node n-2 --dry-run -o json')).stdout)).toMatchObject({
    nodes: [{ node: 'n-2', counts: { would: 3 } }],
    would: 3,
  });
  const all = nodes;
  nodes = [];
  const ran = await ctl('calico', text, '-y');
  nodes = all;
  expect(ran).toMatchObject({
    code: 21,
    stdout: '',
    stderr: expect.stringContaining('kubectl knows no node'),
  });
});

test('What no node knows, and what is a host’s, is left open by name', async () => {
  await poolFor(here, {});
  const all = allocated(2);
  const lone = {
    address: '10.44.9.9',
    containerId: containerOf(7),
    pod: { namespace: 'shop', name: 'gone' },
    ifname: 'net1',
  };
  const text = listOf(
    ippool('10.44.0.0/16', [...all.map((one) => ({ ...one, ifname: 'net1' })), lone]),
    ...all.map(podObject),
  );
  expect((await ctl('whereabouts', text, '--dry-run')).stdout).toContain(
    '- 10.44.9.9, pod shop/gone: there is no pod shop/gone',
  );
  const done = JSON.parse((await ctl('whereabouts', text, '-y -o json')).stdout);
  expect(done.open).toMatchObject([
    { addresses: ['10.44.9.9'], outcome: 'nowhere', why: expect.stringContaining('no pod shop/gone') },
  ]);
});

test.each([
  ['no file', 'import calico --network pods --pool p', '--file is not given'],
  ['a file that is not there', 'import calico -f nothing.json --network pods --pool p', 'nothing.json is not there'],
  ['YAML', 'import calico -f pools.yaml --network pods --pool p', 'no list in JSON'],
  ['no pool', 'import calico -f export.json --network pods', '--pool is not given'],
  ['another IPAM', 'import cilium -f export.json --network pods --pool p', 'calico'],
])('With %s it says what is missing', async (_, line, said) => {
  const ran = await control(line, {
    env: ENV,
    files: { 'export.json': '{"items":[]}', 'pools.yaml': 'pools: []' },
    execute,
  });
  expect([ran.code, ran.stderr]).toEqual([21, expect.stringContaining(said)]);
});
