/** What a map is of: a line of numbers, and what each of them is. */
import { addressOf, addressText, bare } from '../space/numbers.ts';
import { blockOf, type MappedPool, spanOfBlock } from '../space/pool-space.ts';

/** A part of a pool, as numbers of the line. */
export interface Area {
  readonly space: MappedPool;
  readonly first: number;
  readonly last: number;
  /** The block in which it begins, and how far within it. */
  readonly block: bigint;
  readonly offset: number;
}

/** Blocks of an area counted from its first one: bigints are slow where many of them are looked at. */
export const blockNumber = ({ space, first, offset }: Area, index: number): number =>
  Math.floor((offset + index - first) / space.pool.blockSize);
export const blockOfNumber = ({ block }: Area, number: number): bigint => block + BigInt(number);

export interface MarkedArea {
  readonly space: MappedPool;
  readonly first: number;
  readonly last: number;
  readonly kind: 'excluded' | 'reserved';
  readonly why: string;
}

export interface Scope {
  readonly key: string;
  readonly family: 4 | 6;
  /** In the order of their numbers. */
  readonly areas: readonly Area[];
  readonly marks: readonly MarkedArea[];
  addressAt(index: number): string | undefined;
  indexOf(address: string): number | undefined;
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

const ipv4Text = (index: number): string =>
  `${index >>> 24}.${(index >>> 16) & 255}.${(index >>> 8) & 255}.${index & 255}`;

/** What of a pool is on the map of IPv4. Made once: what is drawn is known by it. */
const parts = new WeakMap<MappedPool, { readonly areas: readonly Area[]; readonly marks: readonly MarkedArea[] }>();

function ipv4Parts(space: MappedPool) {
  const found = parts.get(space);
  if (found !== undefined) return found;
  const ranges = space.ranges.filter(({ family }) => family === 4);
  const size = BigInt(space.pool.blockSize);
  const areas = ranges.map(({ first, last, offset }): Area => {
    const begin = { block: offset / size, offset: Number(offset % size) };
    return { space, first: Number(first), last: Number(last), ...begin };
  });
  const marks = space.marks
    .filter(({ family }) => family === 4)
    .flatMap(({ first, last, kind, why }) =>
      areas
        .filter((area) => area.first <= last && first <= area.last)
        .map((area): MarkedArea => {
          const [from, to] = [Math.max(area.first, Number(first)), Math.min(area.last, Number(last))];
          return { space, first: from, last: to, kind, why };
        }),
    );
  const made = { areas, marks };
  parts.set(space, made);
  return made;
}

/** All of IPv4: the number of an address is its place. */
export function ipv4Scope(spaces: readonly MappedPool[]): Scope {
  const all = spaces.map(ipv4Parts);
  const areas = all.flatMap((one) => one.areas).sort((a, b) => a.first - b.first);
  const marks = all.flatMap((one) => one.marks);
  return {
    key: 'ipv4',
    family: 4,
    areas,
    marks,
    addressAt: ipv4Text,
    indexOf: (address) => {
      const text = bare(address);
      if (text.includes(':')) return undefined;
      const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number);
      return a * 0x1000000 + b * 0x10000 + c * 256 + d;
    },
    spanOf: (space, block) => {
      const span = spanOfBlock(space, block, 4);
      return span && { first: Number(span.first), last: Number(span.last) };
    },
    label: (first, bits) => `${ipv4Text(first)}/${32 - bits}`,
  };
}

/** Of an IPv6 pool those blocks that are used, one after the other: the others are more than can be shown or counted. */
export function usedBlocksScope(space: MappedPool, used: readonly bigint[]): Scope {
  const size = space.pool.blockSize;
  const placeOf = new Map(used.map((block, place) => [block, place]));
  const areas = used.map(
    (block, place): Area => ({ space, first: place * size, last: place * size + size - 1, block, offset: 0 }),
  );
  const spanAt = (place: number) => {
    const block = used[place];
    return block === undefined ? undefined : spanOfBlock(space, block, 6);
  };
  return {
    key: `ipv6 ${space.pool.name} ${used.length}`,
    family: 6,
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
