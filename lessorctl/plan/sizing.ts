/** How large a pool has to be: from nodes, pods and growth to blocks and a prefix. */
import { LEAST_BLOCK_SIZE, most } from '../../core/contract/limits.ts';

export interface Need {
  readonly nodes: number;
  /** On one node, at most. */
  readonly pods: number;
  /** By how much more each year, in parts of 1. */
  readonly growth: number;
  readonly years: number;
  /** What stays free when all pods run, in parts of 1: for pods that come while others cool, and for a rolling update. */
  readonly spare: number;
  readonly affinity: 'shared' | 'node';
}

export interface Sizing {
  /** At the end. */
  readonly nodes: number;
  readonly pods: number;
  readonly blockSize: number;
  /** Absent where blocks are shared. */
  readonly blocksOfNode: number | undefined;
  readonly blocks: number;
  /** With the spare ones. */
  readonly addresses: number;
  /** Of IPv4. */
  readonly prefixLength: number;
  /** Addresses of the prefix that are beyond the need. */
  readonly left: number;
}

/** Where each block is a subnet: network, gateway and broadcast. In others the pool has them once. */
const NOT_HANDED_OUT = 3;

export function sizingOf(need: Need): Sizing {
  const nodes = Math.ceil(need.nodes * (1 + need.growth) ** need.years);
  const wanted = Math.ceil(need.pods * (1 + need.spare));
  const { blockSize, blocksOfNode } =
    need.affinity === 'node' ? blocksFor(wanted) : { blockSize: 64, blocksOfNode: undefined };
  const addresses = blocksOfNode === undefined ? nodes * wanted + NOT_HANDED_OUT : nodes * blocksOfNode * blockSize;
  const blocks = Math.ceil(addresses / blockSize);
  const prefixLength = 32 - Math.ceil(Math.log2(Math.max(addresses, LEAST_BLOCK_SIZE)));
  const left = 2 ** (32 - prefixLength) - addresses;
  return { nodes, pods: nodes * need.pods, blockSize, blocksOfNode, blocks, addresses, prefixLength, left };
}

/** The fewest addresses for a node; of those the fewest blocks, each of which is a claim and a route. */
function blocksFor(wanted: number): { blockSize: number; blocksOfNode: number } {
  let best: { blockSize: number; blocksOfNode: number } = {
    blockSize: most.blockSize,
    blocksOfNode: Math.ceil(wanted / (most.blockSize - NOT_HANDED_OUT)),
  };
  for (let blockSize: number = most.blockSize / 2; blockSize >= 16; blockSize /= 2) {
    const blocksOfNode = Math.ceil(wanted / (blockSize - NOT_HANDED_OUT));
    if (blocksOfNode * blockSize < best.blocksOfNode * best.blockSize && blocksOfNode <= MOST_BLOCKS)
      best = { blockSize, blocksOfNode };
  }
  return best;
}

/** Of one node: more are more routes than an address or two are worth. */
const MOST_BLOCKS = 4;
