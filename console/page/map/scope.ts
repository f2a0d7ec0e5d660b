/** What a map is of: a line of numbers, and what each of them is. */
import { addressOf, addressText, bare } from '../space/numbers.ts';
import { blockOf, blocksOf, type MappedPool, spanOfBlock } from '../space/pool-space.ts';

/** A part of a pool, as numbers of the line. */
export interface Area {
  readonly space: MappedPool;
  readonly first: number;
  readonly last: number;
}

export interface MarkedArea extends Area {
  readonly kind: 'excluded' | 'reserved';
  readonly why: string;
}

export interface Scope {
  readonly key: string;
  /** In the order of their numbers. */
  readonly areas: readonly Area[];
  readonly marks: readonly MarkedArea[];
  addressAt(index: number): string | undefined;
  indexOf(address: string): number | undefined;
  /** Blocks of the area between two numbers of it. */
  blocks(area: Area, first: number, last: number): readonly (readonly [from: bigint, to: bigint])[];
  /** The numbers of a block; undefined where it is not on the map. */
  spanOf(space: MappedPool, block: bigint): { first: number; last: number } | undefined;
  /** What is written into a square that begins there, of so many bits. */
  label(first: number, bits: number): string;
}

/** The area that has the number; pools of a VRF do not overlap. */
export function areaAt({ areas }: Scope, index: number): Area | undefined {
  let [low, high] = [0, areas.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((areas[middle]?.last ?? index) < index) low = middle + 1;
    else high = middle;
  }
  const found = areas[low];
  return found !== undefined && found.first <= index ? found : undefined;
}

const WHOLE = 0xffff_ffffn;

/** All of IPv4: the number of an address is its place. */
export function ipv4Scope(spaces: readonly MappedPool[]): Scope {
  const areas = spaces
    .flatMap((space) =>
      space.ranges
        .filter(({ family }) => family === 4)
        .map(({ first, last }): Area => ({ space, first: Number(first), last: Number(last) })),
    )
    .sort((a, b) => a.first - b.first);
  const marks = spaces.flatMap((space) =>
    space.marks.flatMap(({ family, first, last, kind, why }): MarkedArea[] => {
      if (family !== 4) return [];
      const inside = space.ranges.filter((one) => one.family === 4 && one.first <= last && first <= one.last);
      return inside.map((one) => ({
        space,
        first: Math.max(Number(one.first), Number(first)),
        last: Math.min(Number(one.last), Number(last)),
        kind,
        why,
      }));
    }),
  );
  return {
    key: 'ipv4',
    areas,
    marks,
    addressAt: (index) => addressText(4, BigInt(index)),
    indexOf: (address) => {
      const text = bare(address);
      if (text.includes(':')) return undefined;
      const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number);
      return a * 0x1000000 + b * 0x10000 + c * 256 + d;
    },
    blocks: ({ space, first: areaFirst }, first, last) => {
      const range = space.ranges.find((one) => one.family === 4 && one.first === BigInt(areaFirst));
      return range === undefined ? [] : [blocksOf(space, range, BigInt(first), BigInt(last))];
    },
    spanOf: (space, block) => {
      const span = spanOfBlock(space, block, 4);
      return span && { first: Number(span.first), last: Number(span.last) };
    },
    label: (first, bits) => `${addressText(4, BigInt(first) & WHOLE)}/${32 - bits}`,
  };
}

/** Of an IPv6 pool those blocks that are used, one after the other: the others are more than can be shown or counted. */
export function usedBlocksScope(space: MappedPool, used: readonly bigint[]): Scope {
  const size = space.pool.blockSize;
  const placeOf = new Map(used.map((block, place) => [block, place]));
  const areas: Area[] = used.map((_, place) => ({ space, first: place * size, last: place * size + size - 1 }));
  const spanAt = (place: number) => {
    const block = used[place];
    return block === undefined ? undefined : spanOfBlock(space, block, 6);
  };
  return {
    key: `ipv6 ${space.pool.name} ${used.length}`,
    areas,
    marks: [],
    addressAt: (index) => {
      const span = spanAt(Math.floor(index / size));
      return span && addressText(6, span.first + BigInt(index % size));
    },
    indexOf: (address) => {
      const found = addressOf(bare(address));
      const block = found?.family === 6 ? blockOf(space, 6, found.value) : undefined;
      const place = block === undefined ? undefined : placeOf.get(block);
      const span = place === undefined ? undefined : spanAt(place);
      return place === undefined || !found || !span ? undefined : place * size + Number(found.value - span.first);
    },
    blocks: ({ first: areaFirst }) => {
      const block = used[areaFirst / size];
      return block === undefined ? [] : [[block, block]];
    },
    spanOf: (_, block) => {
      const place = placeOf.get(block);
      return place === undefined ? undefined : { first: place * size, last: place * size + size - 1 };
    },
    label: (first) => {
      const span = spanAt(first / size);
      return span === undefined ? '' : addressText(6, span.first);
    },
  };
}
