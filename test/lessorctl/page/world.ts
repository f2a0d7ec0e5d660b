/** What the commands on docs/lessorctl.md are typed into: the local stack with some pools, nodes and pods, and a made-up cluster. */
import { setTimeout as wait } from 'node:timers/promises';
import { routes } from '../../../core/contract/routes.ts';
import type { SingleCommand } from '../../../lessorctl/command-line/command-entry.ts';
import { groups } from '../../../lessorctl/command-line/commands.ts';
import type { Ran } from '../../../lessorctl/shell/shell.ts';
import type { Identity } from '../../../local/aws/identities.ts';
import type { LocalStack } from '../../../local/stack/stack.ts';
import { askAt } from '../../support/asking.ts';
import { agentPod, conflistMap, definition, type KubernetesObject, kubectlOf } from '../cluster.ts';
import { control } from '../control.ts';
import { stable } from './stable.ts';

/** Of the nodes of the stack, as Kubernetes calls them. */
const NAMES = ['ip-10-0-1-17.eu-central-1.compute.internal', 'ip-10-0-1-18.eu-central-1.compute.internal'] as const;
/** So long after the world was made its commands are typed, in ms: an age of hours is the same for an hour. */
const LATER = 12 * 3_600_000;
export const COLUMNS = 80;
const FOUND_WITHIN = 60_000;

const POOLS = `pools:
  - name: shop
    ranges: [[{subnet: 10.1.0.0/24}, {subnet: 10.2.0.0/24}], [{subnet: fd00:1::/64}, {subnet: fd00:2::/64}]]
    namespaces: [shop]
    cooldownSeconds: 120
  - name: routed
    ranges: [[{subnet: 10.8.0.0/16}]]
    affinity: node
    gateway: block
  - name: web
    ranges: [[{subnet: 10.3.0.0/24}]]
`;

const pod = (name: string, address: string | undefined, more: Partial<KubernetesObject> = {}): KubernetesObject => ({
  kind: 'pod',
  metadata: { name, namespace: 'shop', annotations: { 'k8s.v1.cni.cncf.io/networks': 'storage' } },
  spec: { nodeName: NAMES[0] },
  status: { phase: 'Running', podIP: address, podIPs: [{ ip: address }], startTime: '2026-01-01T00:00:00Z' },
  ...more,
});

const cluster: readonly KubernetesObject[] = [
  ...NAMES.map((name) => ({ kind: 'node', metadata: { name } })),
  pod('web-1', '10.1.0.5'),
  agentPod(NAMES[0]),
  conflistMap({ type: 'lessor', pool: 'shop' }),
  definition('shop', 'storage', { type: 'lessor', pool: 'routed' }),
];

/** What the plugin answers in an agent's pod. */
const lessor = (args: readonly string[]): Ran => {
  const [command] = args;
  const left = { releasedLater: 0, released: [], blocks: [{ pool: 'routed', block: '0' }], life: { incarnation: 1 } };
  const said = command === 'status' ? { labels: { zone: 'a' } } : command === 'import' ? imported(args) : left;
  return { code: 0, stdout: JSON.stringify(said), stderr: '' };
};

const imported = (args: readonly string[]) => {
  const of = (outcome: string, n: number) => ({
    ...{ outcome, containerId: `c${n}`, ifname: 'net1', pod: { namespace: 'shop', name: `web-${n}` } },
    ...{ addresses: [`10.8.0.${n}`], from: [`IPPool kube-system/10.8.0.0-16, allocation ${n}`], standing: 'living' },
  });
  const outcome = args.includes('--yes') ? 'imported' : 'would';
  return { allocations: [5, 6, 7, 8].map((n) => of(outcome, n)) };
};

/** They need what is not here: backups of AWS, a browser. */
const NOT_TYPED = ['backup', 'backups', 'restore', 'ui'];

const commandsOf = (): [name: string, command: SingleCommand][] =>
  groups.flatMap(({ commands }) =>
    commands.flatMap((entry) =>
      'load' in entry
        ? [[entry.name, entry] as [string, SingleCommand]]
        : entry.commands.map((one): [string, SingleCommand] => [`${entry.name} ${one.name}`, one]),
    ),
  );

/** Pools come to be by the examples of `pool create`; then nothing is changed, until all that looks was typed. */
async function inOrder(): Promise<{ makes: readonly string[]; looks: readonly string[]; changes: readonly string[] }> {
  const [makes, looks, changes]: [string[], string[], string[]] = [[], [], []];
  for (const [name, one] of commandsOf()) {
    if (NOT_TYPED.includes(name)) continue;
    const { options, examples } = await one.load();
    const to = name === 'pool create' ? makes : 'dry-run' in options ? changes : looks;
    to.push(...examples.map(({ line }) => line));
  }
  return { makes, looks, changes };
}

/** What each example of a command came to. */
export interface Example {
  readonly line: string;
  readonly ran: Ran;
  /** As the page has it. */
  readonly shown: string;
}

/** Types them all, at a terminal with colours. The keys of the stack's operator are in the environment. */
export async function typedExamples(stack: LocalStack): Promise<Example[]> {
  const env = { LESSOR_ENDPOINT: stack.endpoint, AWS_REGION: stack.region };
  const made = { env, files, execute: kubectlOf(cluster, lessor), columns: COLUMNS, answers: ['y'] };
  const type = async (line: string): Promise<Ran> => {
    // What is watched is interrupted. A deletion may take several requests.
    const options = line.includes('--watch') ? { ...made, pauses: 0 } : { ...made, onPause: () => wait(200) };
    const later = await control(wordsOf(line), { ...options, now: () => Date.now() + LATER });
    // The service answers nothing of a time that it has not reached.
    return later.stderr.includes('is later than now') ? control(wordsOf(line), options) : later;
  };
  // A function that is new takes long: not while it makes something.
  await type('pools');
  const begunAt = Date.now();
  const { makes, looks, changes } = await inOrder();
  const ran: [line: string, ran: Ran][] = [];
  for (const line of makes) ran.push([line, await type(line)]);
  for (const line of ['pool create old 10.250.0.0/24', 'pool create shop 10.1.0.0/24 --vrf blue']) await type(line);
  await populate(stack, type);
  const pools = await poolIds(type);
  for (const line of [...looks, ...changes]) ran.push([line, await type(line)]);
  return ran.map(([line, one]) => ({ line, ran: one, shown: stable(line, one, { begunAt, pools }) }));
}

const files = {
  'pools.yaml': POOLS,
  'export.json': JSON.stringify({ kind: 'List', items: [] }),
  '10-lessor.conflist': JSON.stringify({ name: 'pods', plugins: [{ ipam: { type: 'lessor', pool: 'shop' } }] }),
};

async function poolIds(type: (line: string) => Promise<Ran>): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for (const vrf of ['default', 'blue']) {
    const { pools } = JSON.parse((await type(`pools --vrf ${vrf} -o json`)).stdout);
    for (const { id, name } of pools as { id: string; name: string }[]) ids.set(id, `${vrf}/${name}`);
  }
  return ids;
}

const wordsOf = (line: string): string[] =>
  [...(line.split(' > ')[0] ?? '').matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');

/** Nodes and pods, and what the service learns of them by and by. */
async function populate(stack: LocalStack, type: (line: string) => Promise<Ran>): Promise<void> {
  const [first, second] = stack.nodes;
  await lease(stack, first, 'shop', 'web-1', ['10.1.0.5', 'fd00:1::5']);
  await lease(stack, second, 'shop', 'web-2', ['10.1.0.6', 'fd00:1::6']);
  // Of a pool whose blocks belong to nodes the node gets any block: only one is left for it to get.
  await type('pool set routed --exclude 10.8.0.0-10.8.7.191,10.8.8.0-10.8.255.255');
  await lease(stack, first, 'routed', 'web-1');
  await type('pool set routed --exclude none');
  for (const [index, node] of stack.nodes.entries()) {
    const said = { boot: 'boot-1', name: NAMES[index], version: '0.1.0' };
    await askAt(stack, node, 'POST', routes.heartbeat.path, said);
  }
  const isSo = async (line: string, wanted: (document: { held?: number; leases?: unknown[] }) => boolean) => {
    const until = Date.now() + FOUND_WITHIN;
    for (;;) {
      const { stdout, stderr } = await type(`${line} -o json`);
      if (stdout !== '' && wanted(JSON.parse(stdout))) return;
      if (Date.now() > until) throw new Error(`${line} still says ${stdout}${stderr}`);
      await wait(200);
    }
  };
  await isSo('usage shop --fast', ({ held }) => held === 2);
  await isSo('usage routed --fast', ({ held }) => held === 1);
}

async function lease(
  stack: LocalStack,
  node: Identity,
  pool: string,
  name: string,
  addresses?: readonly string[],
): Promise<void> {
  const containerId = Buffer.from(`${pool}/${name}`).toString('hex').padEnd(64, '0').slice(0, 64);
  const answer = await askAt(stack, node, 'POST', routes.allocate.path, {
    attachment: { network: pool === 'shop' ? 'pods' : 'storage', containerId, ifname: 'eth0' },
    ...{ nonce: containerId.slice(0, 32), attempt: 1, boot: 'boot-1', pool: { name: pool } },
    ...{ pod: { namespace: 'shop', name }, ...(addresses && { addresses }) },
  });
  if (answer.status !== 200) throw new Error(`${name} got no address: ${JSON.stringify(answer.body)}`);
}
