/** A pool in a sentence that people read in a pod's events. */
import type { PoolDefinition } from '../../../core/contract/pool.ts';

const MOST_SUBNETS = 3;
const LONGEST_VALUE = 1_000;

/** `Pool blue in VRF default (10.1.0.0/16, fd00:1::/64)` */
export const poolText = ({ name, vrf, ranges }: Pick<PoolDefinition, 'name' | 'vrf' | 'ranges'>): string =>
  `Pool ${name} in VRF ${vrf} (${subnetsText(ranges)})`;

/** A field's value as JSON; of a long one the beginning: it is told twice in a message, and may be as long as a pool. */
export function valueText(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}… (${text.length} characters)` : text;
}

/** Each once, and of many the first ones. */
export function subnetsText(ranges: PoolDefinition['ranges']): string {
  const subnets = [...new Set(ranges.flat().map(({ subnet }) => subnet))];
  const further = subnets.length - MOST_SUBNETS;
  return [...subnets.slice(0, MOST_SUBNETS), ...(further > 0 ? [`${further} more`] : [])].join(', ');
}

/** The first thing in which the configuration's ranges are not the pool's. */
export function differenceText(ofPool: PoolDefinition['ranges'], configured: PoolDefinition['ranges']): string {
  if (configured.length !== ofPool.length)
    return `it has ${setsText(ofPool.length)}, the configuration ${setsText(configured.length)}`;
  for (const [set, ranges] of configured.entries())
    for (const [index, range] of ranges.entries()) {
      const own = ofPool[set]?.[index];
      const where = `ranges[${set}][${index}]`;
      if (own === undefined) return `it has no ${where}, which the configuration says is ${range.subnet}`;
      const field = FIELDS.find((name) => own[name] !== range[name]);
      if (field) return `its ${where}.${field} is ${own[field]}, the configuration says ${range[field]}`;
    }
  return 'the configuration has others';
}

const FIELDS = ['subnet', 'rangeStart', 'rangeEnd', 'gateway'] as const;

const setsText = (count: number): string => `${count} range set${count === 1 ? '' : 's'}`;
