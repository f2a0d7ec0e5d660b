/** Tells the demonstration to a person: what happens, what it costs, and what the service knows then. */
import type { PastLease } from '../../core/contract/history.ts';
import type { Death } from '../../core/contract/nodes.ts';
import { filled, type Screen } from '../screen.ts';
import type { DemoEvent, NodeNames, Tell } from './demo-event.ts';
import { type Layout, layoutOn } from './layout.ts';
import { folded, table } from './table.ts';

type Event<Step extends DemoEvent['step']> = Extract<DemoEvent, { step: Step }>;

/** What of the events before counts later. */
interface Told {
  nodes: readonly NodeNames[];
  listed: boolean;
  /** Seconds. */
  cooldown: number;
  death: Death | undefined;
  /** Of which history was told. */
  address: string;
}

/** @param write takes a line */
export function story(screen: Screen, write: (line: string) => void): Tell {
  const page = layoutOn(screen, write);
  const told: Told = { nodes: [], listed: false, cooldown: 0, death: undefined, address: '' };
  const nameOf = (id: string) => told.nodes.find((node) => node.id === id)?.name ?? id;
  return (event) => {
    switch (event.step) {
      case 'start':
        told.nodes = event.nodes;
        return start(page, event);
      case 'add':
        return added(page, event);
      case 'ping':
        return pinged(page, event);
      case 'leases':
        listed(page, event, told, nameOf);
        told.listed = true;
        told.cooldown = event.pool.cooldownSeconds;
        return;
      case 'del':
        page.chapter(`Pod ${event.pod} ends, and the plugin releases its address (CNI DEL)`);
        return page.rows(callRow(page, event, `had ${event.address.padEnd(12)}`));
      case 'terminated':
        return terminated(page, event, nameOf);
      case 'evidence':
        told.death = event.death;
        return freed(page, event, nameOf);
      case 'history':
        told.address = event.address;
        return remembered(page, event, told, nameOf);
      case 'end':
        return end(page, told);
      case 'ready':
        return page.rows(invitation(page, event, told));
    }
  };
}

function start(page: Layout, { endpoint, nodes, leftOut, network }: Event<'start'>): void {
  const known = nodes.map(({ name, id }) => `${name} (${id})`).join(' and ');
  page.aside(`The API answers at ${endpoint}. Two nodes may call it: ${known}.`);
  if (leftOut !== undefined)
    page.aside(`Pods are left out, the plugin runs alone: network namespaces need ${leftOut}.`);
  page.chapter('A network is configured as for host-local; only "type" is changed');
  page.rows(filled(`"ipam": ${spaced(network.ipam)}`.split(/(?<=,) /), page.room));
}

function added(page: Layout, event: Event<'add'>): void {
  page.chapter('Three pods start, and the plugin leases an address for each (CNI ADD)', ADD_COSTS);
  page.rows(callRow(page, event, `gets ${event.address.padEnd(12)}`));
}

const ADD_COSTS = 'The first call makes the pool and enters the node. After that an address costs one request.';

function callRow({ room }: Layout, { pod, node, ms, requests }: Event<'add' | 'del'>, what: string): string[] {
  return folded([`${pod.padEnd(5)} on ${node}`, what, `${ms} ms, ${requestsText(requests)}`], room);
}

function pinged(page: Layout, { from, to, address, answers }: Event<'ping'>): void {
  page.chapter('The pods ping each other');
  const said = answers ? page.color.green('answers') : page.color.red('no answer');
  page.rows([`${`${from} → ${to}`.padEnd(13)}  ${address.padEnd(12)}  ${said}`]);
}

function listed(page: Layout, { leases, capacity }: Event<'leases'>, told: Told, nameOf: (id: string) => string): void {
  if (told.listed) page.gap();
  else page.chapter('The service knows who has which address');
  const lines = leases.map((lease) => [
    lease.addresses.map((address) => address.replace(/\/\d+$/, '')).join(' '),
    lease.pod?.name ?? '',
    nameOf(lease.node),
    lease.reusableAt === undefined ? 'leased' : `in cooldown until ${clock(lease.reusableAt)}`,
  ]);
  page.rows(table(['ADDRESS', 'POD', 'NODE', 'STATE'], lines, page.room));
  const cooling = leases.filter(({ state }) => state === 'cooling').length;
  const free = BigInt(capacity) - BigInt(leases.length);
  page.gap();
  page.prose(`pool of ${capacity} addresses: ${leases.length - cooling} leased, ${cooling} in cooldown, ${free} free`);
}

function terminated(page: Layout, { node, delayMs, pace }: Event<'terminated'>, nameOf: (id: string) => string): void {
  page.chapter(`The instance of ${nameOf(node)} is terminated, and EC2 says so`);
  page.prose(
    'Silence is no proof: a node that is only not heard of keeps its addresses. EC2’s word is one. The event waits in ' +
      `a queue, ${delayMs / 1000} s on AWS and ${(delayMs / pace / 1000).toFixed(0)} s here, until EC2 can be asked whether it is so.`,
  );
}

function freed(page: Layout, { tookMs, death }: Event<'evidence'>, nameOf: (id: string) => string): void {
  const leases = death.freed === 1 ? '1 lease' : `${death.freed} leases`;
  page.gap();
  page.prose(
    `Nobody did anything: the function "evidence" asked EC2, declared ${nameOf(death.node)} dead and released ${leases} ` +
      `of it, ${(tookMs / 1000).toFixed(1)} s after the event.`,
  );
}

function remembered(page: Layout, event: Event<'history'>, { death }: Told, nameOf: (id: string) => string): void {
  const { address, leases, unknown } = event;
  page.chapter(`Later somebody asks who had ${address} (GET /v1/history/addresses)`);
  page.prose(
    'The table of leases knows the present. What is over is in the history, for 30 days if nothing else is said.',
  );
  page.gap();
  const lines = leases.map((lease) => [
    lease.pod?.name ?? '',
    nameOf(lease.node),
    clock(lease.from),
    lease.to === undefined ? '' : clock(lease.to),
    endOf(lease, death),
  ]);
  page.rows(table(['POD', 'NODE', 'FROM', 'UNTIL', 'HOW IT ENDED'], lines, page.room));
  for (const { to } of unknown) {
    page.gap();
    page.prose(`Of the time before ${clock(to)} it says "unknown": nothing was written down yet.`);
  }
}

/** Only of what a death ended it is known. */
function endOf({ node, incarnation, to }: PastLease, death: Death | undefined): string {
  if (to === undefined) return 'not yet';
  return death?.node === node && death.incarnation === incarnation ? 'EC2: node terminated' : '';
}

function end(page: Layout, { cooldown }: Told): void {
  page.gap();
  page.aside(
    'In one sentence: three pods on two nodes leased an address each from one pool, the end of a pod and EC2’s word ' +
      `that a node is terminated gave two of them back, and nobody gets those two again before a cooldown of ${cooldown} s is over.`,
  );
}

/** JSON with a space wherever a line may be broken. */
const spaced = (value: object): string => JSON.stringify(value, null, 1).replaceAll(/\n */g, ' ');

const requestsText = (count: number): string => `${count} request${count === 1 ? '' : 's'} to DynamoDB`;

/** `12:03:04 UTC` of RFC 3339. */
const clock = (at: string): string => `${new Date(at).toISOString().slice(11, 19)} UTC`;

function invitation(
  { color: { bold, dim } }: Layout,
  { directory, network, console: page }: Event<'ready'>,
  { address }: Told,
): string[] {
  return [
    '',
    ...(page === undefined ? [] : [bold('A page that shows who has which address:'), '', page, '']),
    bold('All stays up until Ctrl-C. In another terminal:'),
    '',
    `cd ${directory}`,
    '',
    dim('# an address for a container of yours, and back'),
    'sh cni ADD mine',
    'sh cni DEL mine',
    dim('# with a configuration of your own'),
    'sh cni ADD mine my-network.json',
    dim('# what an operator asks: docs/operators.md'),
    'sh lessorctl pools',
    `sh lessorctl leases ${network}`,
    'sh lessorctl nodes',
    'sh lessorctl deaths',
    `sh lessorctl history address ${address}`,
    dim('# the API itself, by curl'),
    'sh api /v1/deaths',
  ];
}
