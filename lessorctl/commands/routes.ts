/** `lessorctl routes`. */
import type { BlockRow } from '../../core/contract/blocks.ts';
import { LessorError } from '../../core/contract/problems.ts';
import { toned } from '../print/cell.ts';
import { type Column, tablePart, textPart, verbatimPart } from '../print/view.ts';
import { command } from '../session/command.ts';
import type { Session } from '../session/session.ts';
import { wrong } from '../settings/wrong.ts';
import { nextHopsOf } from './next-hops.ts';
import { gathered } from './pages.ts';
import { linesFor, presentIn } from './route-lines.ts';
import { type NextHops, type PoolRoute, type RouteTarget, routesOf } from './route-plan.ts';
import { orNone } from './words.ts';

export const routes = command({
  about: `Which block is reached by which node, and on request the commands that make it so: for a pool with affinity node and
gateway block. Next hops are what kubectl says of nodes (InternalIP), and --via. With --present only what differs is
written. Routes of other pools are never touched.`,
  arguments: { pool: { help: 'the pool', kind: 'pool' } },
  options: {
    for: {
      kind: 'value',
      value: 'WHAT',
      choices: ['linux', 'aws'],
      help: 'lines for ip -batch, or commands of the AWS CLI',
    },
    via: {
      kind: 'value',
      value: 'NODE=HOP',
      several: true,
      help: 'an address; with --for aws the id of an interface or instance',
    },
    on: {
      kind: 'value',
      value: 'NODE',
      of: 'node',
      help: 'the node whose routes are meant (linux): its own blocks end there',
    },
    'route-table': { kind: 'value', value: 'ID', help: 'the route table of the VPC (aws)' },
    present: {
      kind: 'value',
      value: 'FILE',
      help: 'what there is: ip -j route, or describe-route-tables; - is standard input',
    },
  },
  examples: [
    { line: 'routes routed', does: 'Which block goes to which node' },
    {
      line: 'routes routed --for linux --on ip-10-0-1-17.eu-central-1.compute.internal',
      does: 'What ip -batch - makes a node know, as often as you like',
    },
    {
      line: 'routes routed --for aws --route-table rtb-0123456789abcdef0',
      does: 'What makes a VPC know',
    },
  ],
  watchable: true,
  async run(values, session) {
    const { pool, on, present, 'route-table': table } = values;
    // The choices of the option.
    const target = values.for as RouteTarget | undefined;
    ensureFits(values);
    const blocks = await blocksOf(pool, session);
    const hops = await nextHopsOf(session, { via: values.via, on, target });
    const there = present === undefined ? undefined : await presentAt(present, target, table ?? '', session);
    const found = routesOf(blocks, hops, there);
    if (target !== undefined) ensureReachable(found, hops);
    return {
      document: { routes: found },
      names: found.map(({ prefix }) => prefix),
      view: (wide) => {
        if (target !== undefined) return [verbatimPart(linesFor(target, found, table ?? '').join('\n'))];
        return [found.length === 0 ? textPart('No block belongs to a node.') : tablePart(found, columns, wide)];
      },
    };
  },
});

interface Values {
  readonly for: string | undefined;
  readonly on: string | undefined;
  readonly present: string | undefined;
  readonly 'route-table': string | undefined;
}

function ensureFits({ for: target, on, present, 'route-table': table }: Values): void {
  if (target === 'aws' && table === undefined)
    throw wrong('--for aws is without --route-table', 'name the route table, like rtb-0123456789abcdef0');
  if (table !== undefined && !/^rtb-[0-9a-f]+$/.test(table))
    throw wrong(`--route-table ${JSON.stringify(table)} is no id of one`, 'write it like rtb-0123456789abcdef0');
  if (target !== 'aws' && table !== undefined) throw wrong('--route-table is for --for aws only', 'leave it out');
  if (target !== 'linux' && on !== undefined) throw wrong('--on is for --for linux only', 'leave it out');
  if (target === undefined && present !== undefined)
    throw wrong('--present is without --for', 'say what the file holds: --for linux or --for aws');
}

async function blocksOf(pool: string, { service, target, progress }: Session): Promise<BlockRow[]> {
  const [api, { vrf }] = [await service(), await target()];
  const list = api.pages('listBlocks', { path: { pool }, query: { vrf } });
  const blocks = await gathered(list, (page) => page.blocks, progress, 'blocks');
  if (blocks.some(({ gateways }) => gateways === undefined))
    throw wrong(
      `the blocks of pool ${pool} are spans, and no prefixes`,
      'make a pool with --affinity node --gateway block',
    );
  return blocks;
}

async function presentAt(path: string, target: RouteTarget | undefined, table: string, { shell }: Session) {
  const text = await shell.read(path);
  if (text === undefined) throw wrong(`--present ${path} is not there`, 'give a file that is, or - for standard input');
  return presentIn(target ?? 'linux', text, table);
}

/** Half of the routes would be a network of which half does not work. */
function ensureReachable(found: readonly PoolRoute[], { why }: NextHops): void {
  const without = [
    ...new Set(found.flatMap(({ state, via, name, node }) => (state === 'gone' || via ? [] : (name ?? node)))),
  ];
  if (without.length === 0) return;
  const said = why === undefined ? '' : ` (${why})`;
  throw new LessorError('request.invalid', `no next hop is known of ${without.join(', ')}${said}`, {
    remedy: `give --via ${without[0]}=HOP`,
  });
}

const TONES = { missing: 'waits', changed: 'waits', present: 'good', gone: 'bad' } as const;

const columns: readonly Column<PoolRoute>[] = [
  { head: 'PREFIX', of: ({ prefix }) => prefix },
  { head: 'VIA', of: ({ via }) => orNone(via) },
  { head: 'NODE', of: ({ node }) => orNone(node), shrinks: true },
  { head: 'NAME', of: ({ name }) => orNone(name), shrinks: true },
  { head: 'STATE', of: ({ state }) => orNoneState(state), wide: true },
];

const orNoneState = (state: PoolRoute['state']) =>
  state === undefined ? orNone(undefined) : toned(state, TONES[state]);
