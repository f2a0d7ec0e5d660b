/** `lessorctl plan`. */
import type { PoolView } from '../../core/contract/pool.ts';
import { freeAddresses, freePrefixes, type PlannedPrefix, prefixText, readPrefix } from '../plan/prefix.ts';
import { type Need, type Sizing, sizingOf } from '../plan/sizing.ts';
import { fieldsPart, type Part, verbatimPart } from '../print/view.ts';
import { command } from '../session/command.ts';
import { wrong } from '../settings/wrong.ts';
import { withoutFrom } from './free-prefix.ts';
import { gathered } from './pages.ts';
import { usedSpans } from './used-spans.ts';
import { counted } from './words.ts';

/** Prefixes that are offered. */
const OFFERED = 3;

export const plan = command({
  about: `How large a pool has to be, which block size wastes least, and which prefixes of that size are free: of the VRF and of the
prefix that is given (--from), without those that are kept for something else (--without), as the ranges of a VPC.`,
  arguments: {},
  options: {
    nodes: { kind: 'value', value: 'NUMBER', help: 'nodes today' },
    pods: { kind: 'value', value: 'NUMBER', default: '110', help: 'pods on a node, at most: kubelet has 110' },
    growth: { kind: 'value', value: 'SHARE', default: '0%/y', help: 'by how much more nodes each year: 20%/y' },
    years: { kind: 'value', value: 'NUMBER', default: '1', help: 'so long it is to suffice' },
    spare: {
      kind: 'value',
      value: 'SHARE',
      default: '10%',
      help: 'free on each node when all its pods run: cooling, rolling updates',
    },
    affinity: {
      kind: 'value',
      value: 'HOW',
      choices: ['shared', 'node'],
      default: 'node',
      help: 'node: each block belongs to one node',
    },
    from: { kind: 'value', value: 'PREFIX', help: 'where it is to lie: 10.0.0.0/8' },
    without: { kind: 'value', value: 'PREFIX', several: true, help: 'what is used otherwise there' },
  },
  examples: [
    { line: 'plan --nodes 300 --pods 110 --growth 20%/y --years 3', does: 'How large a pool has to be' },
    { line: 'plan --nodes 300 --from 10.0.0.0/8 --without 10.0.0.0/16', does: 'And where it could lie' },
  ],
  async run({ from, without, affinity, ...texts }, { service, target, progress }) {
    const need: Need = {
      nodes: readCount('--nodes', texts.nodes),
      pods: readCount('--pods', texts.pods),
      growth: readShare('--growth', texts.growth),
      years: readCount('--years', texts.years),
      spare: readShare('--spare', texts.spare),
      affinity: affinity as 'shared' | 'node',
    };
    const sizing = sizingOf(need);
    if (sizing.prefixLength < 1) throw wrong(`${sizing.addresses} addresses are more than IPv4 has`, 'plan for less');
    if (from === undefined && without.length > 0) throw withoutFrom(without);
    if (from === undefined) {
      const document = { need, ...sizing };
      return { document, names: [`/${sizing.prefixLength}`], view: () => partsOf(need, sizing) };
    }
    const within = readPrefix('--from', from);
    if (within.bits !== 32)
      throw wrong(`--from ${from} is IPv6`, 'plan is for IPv4: an IPv6 pool of a /64 has room for all');
    const kept = without.map((text) => readPrefix('--without', text));
    const [api, { vrf }] = [await service(), await target()];
    const list = api.pages('listPools', { query: { vrf, limit: '100' } });
    const pools: readonly PoolView[] = await gathered(list, (page) => page.pools, progress, 'pools');
    const used = usedSpans(pools, within.bits, kept);
    const free = freePrefixes(within, sizing.prefixLength, used, OFFERED).map(prefixText);
    const where = { vrf, from, pools: pools.length, freeAddresses: String(freeAddresses(within, used)), free };
    return {
      document: { need, ...sizing, where },
      names: free,
      view: () => [...partsOf(need, sizing), ...placeParts(where, within, sizing, need)],
      exitCode: 0,
    };
  },
});

function readCount(option: string, text: string | undefined): number {
  if (text === undefined) throw wrong(`${option} is not given`, 'write a whole number, like 300');
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw wrong(`${option} ${JSON.stringify(text)} is no number`, 'write a whole number of 1 or more, like 300');
}

function readShare(option: string, text: string): number {
  const [, share] = /^(\d{1,4}(?:\.\d{1,3})?)%(?:\/y)?$/.exec(text) ?? [];
  if (share !== undefined) return Number(share) / 100;
  throw wrong(`${option} ${JSON.stringify(text)} is no share`, 'write it like 20% or 20%/y');
}

const percent = (share: number): string => `${Number((share * 100).toFixed(3))}%`;

const partsOf = (need: Need, sizing: Sizing): Part[] => [
  fieldsPart([
    [
      'Nodes',
      `${sizing.nodes} after ${counted(need.years, 'year')}, from ${need.nodes} with ${percent(need.growth)} more each year`,
    ],
    ['Pods', `${sizing.pods}: ${need.pods} on each node`],
    [
      'Blocks',
      sizing.blocksOfNode === undefined
        ? `${sizing.blocks} of ${sizing.blockSize}, shared`
        : `${sizing.blocks} of ${sizing.blockSize}: ${counted(sizing.blocksOfNode, 'block')} for each node`,
    ],
    ['Addresses', `${sizing.addresses}, with ${percent(need.spare)} spare`],
    ['Prefix', `/${sizing.prefixLength}`],
    ['Left over', `${sizing.left} addresses of it`],
  ]),
];

interface Where {
  readonly vrf: string;
  readonly from: string;
  readonly pools: number;
  readonly freeAddresses: string;
  readonly free: readonly string[];
}

function placeParts(
  { vrf, from, pools, freeAddresses: count, free }: Where,
  within: PlannedPrefix,
  sizing: Sizing,
  { affinity }: Need,
): Part[] {
  const [first] = free;
  const options = affinity === 'node' ? ` --affinity node --gateway block --block-size ${sizing.blockSize}` : '';
  return [
    fieldsPart([
      ['In', `${from}, where VRF ${vrf} has ${counted(pools, 'pool')} in all`],
      ['Free there', `${count} of ${(1n << BigInt(within.bits - within.length)).toString()} addresses`],
      ['Free prefixes', free.length === 0 ? { text: `none of /${sizing.prefixLength}`, tone: 'bad' } : free.join(', ')],
    ]),
    ...(first === undefined ? [] : [verbatimPart(`lessorctl pool create NAME ${first}${options}`)]),
  ];
}
