/** What of a pool is another than before, in words. */
import type { PoolDefinition } from '../../../core/contract/pool.ts';
import { poolSpace } from '../../../core/pools/pool-space.ts';
import type { PoolState } from '../../../core/store.ts';
import type { KnownPool } from '../memory.ts';
import { canonicalText } from './canonical-text.ts';
import { valueText } from './pool-text.ts';

/** Of one kind that are told one by one. */
const MOST_TOLD = 16;

const firstOf = (changes: readonly string[], rest: (more: number) => string): readonly string[] =>
  changes.length > MOST_TOLD ? [...changes.slice(0, MOST_TOLD), rest(changes.length - MOST_TOLD)] : changes;

/** A sentence for each difference; none: nothing changes. */
export function effectsOf(pool: KnownPool, next: PoolState): string[] {
  const effects: string[] = [];
  const [before, after] = [pool.definition, next.definition];
  const added = after.ranges.flatMap((set, index) => set.slice(before.ranges[index]?.length ?? 0));
  for (const { rangeStart, rangeEnd } of added) effects.push(`the range ${rangeStart}-${rangeEnd} is added`);
  for (const field of Object.keys({ ...before, ...after }) as (keyof PoolDefinition)[]) {
    if (field === 'ranges' || canonicalText(before[field]) === canonicalText(after[field])) continue;
    const told = toldOf(field, before, after);
    // It is written all the same: whoever reads the pool finds it as it was given.
    effects.push(...(told.length > 0 ? told : [`the order of ${field} changes`]));
  }
  const [from, to] = [pool.space.capacity, poolSpace(after).capacity];
  if (from !== to) effects.push(`capacity ${to > from ? 'grows' : 'falls'} from ${from} to ${to}`);
  if (next.state === 'draining' && pool.state !== 'draining')
    effects.push('the pool gives no new lease, everywhere within 30 seconds; what is held stays until it is released');
  if (next.state === 'active' && pool.state !== 'active') effects.push('the pool gives new leases again');
  return effects;
}

function toldOf(field: keyof PoolDefinition, before: PoolDefinition, after: PoolDefinition): readonly string[] {
  if (field === 'quotas') return quotaEffects(before, after);
  if (field === 'reservations') return reservationEffects(before, after);
  if (field === 'exclude' || field === 'clusters' || field === 'namespaces')
    return listEffects(field, before[field], after[field]);
  return [`${field} changes from ${valueText(before[field])} to ${valueText(after[field])}`];
}

type Lists = 'exclude' | 'clusters' | 'namespaces';
/** What a list means that is empty, or is so no more: to name none is to mean all. */
const MEANS: Readonly<Partial<Record<Lists, { readonly none: string; readonly only: string }>>> = {
  clusters: { none: 'every cluster may lease here', only: 'no other clusters may lease here than' },
  namespaces: {
    none: 'it is for no particular namespace any more',
    only: 'where no pool is named it is for no other namespaces than',
  },
};

/** What is lost first. */
function listEffects(field: Lists, before: readonly string[], after: readonly string[]): readonly string[] {
  const means = MEANS[field];
  if (means !== undefined && after.length === 0) return [means.none];
  if (means !== undefined && before.length === 0) return [`${means.only} ${some(after, MOST_TOLD)}`];
  const [had, has] = [new Set(before), new Set(after)];
  const lost = before.filter((one) => !has.has(one)).map((one) => `${one} is taken out of ${field}`);
  const got = after.filter((one) => !had.has(one)).map((one) => `${one} is added to ${field}`);
  return firstOf([...lost, ...got], (more) => `${more} more of ${field} change`);
}

const some = (all: readonly string[], most: number): string =>
  [...all.slice(0, most), ...(all.length > most ? [`${all.length - most} more`] : [])].join(', ');

type Reservation = PoolDefinition['reservations'][number];

/** Those that go first. */
function reservationEffects(before: PoolDefinition, after: PoolDefinition): readonly string[] {
  const [had, has] = [before, after].map(({ reservations }) => new Map(reservations.map((one) => [one.name, one])));
  const gone = before.reservations.filter(({ name }) => !has?.has(name));
  const told = after.reservations.flatMap((one) => {
    const former = had?.get(one.name);
    if (former === undefined) return [`reservation ${one.name} is made: ${reservationText(one)}`];
    if (canonicalText(former) === canonicalText(one)) return [];
    return [`reservation ${one.name} changes from ${reservationText(former)} to ${reservationText(one)}`];
  });
  return firstOf(
    [...gone.map((one) => `reservation ${one.name} is given up: ${reservationText(one)}`), ...told],
    (more) => `${more} more reservations change`,
  );
}

/** Addresses of one that are named. */
const MOST_ADDRESSES = 4;

function reservationText({ addresses, namespace, pod }: Reservation): string {
  return `${some(addresses, MOST_ADDRESSES)} for ${pod === undefined ? 'the pods of namespace' : `pod ${pod} of namespace`} ${namespace}`;
}

/** Those that lose theirs first. The list is replaced as a whole: what is left out is said, since a namespace may lose its number unmeant. */
function quotaEffects(before: PoolDefinition, after: PoolDefinition): readonly string[] {
  const [had, has] = [before, after].map(({ quotas }) => new Map(Object.entries(quotas)));
  const namespaces = [...new Set([...(had?.keys() ?? []), ...(has?.keys() ?? [])])].sort(
    (a, b) => Number(has?.has(a)) - Number(has?.has(b)) || (a < b ? -1 : 1),
  );
  const instead =
    after.quota === undefined ? 'it has no limit now' : `the pool's quota of ${after.quota} counts for it`;
  const changes = namespaces.flatMap((namespace) => {
    const [from, to] = [had?.get(namespace), has?.get(namespace)];
    if (from === to) return [];
    if (from === undefined) return [`namespace ${namespace} has a quota of ${to} of its own`];
    if (to === undefined)
      return [
        `namespace ${namespace} loses its own quota of ${from}, since quotas replaces all that there was: ${instead}`,
      ];
    return [`the quota of namespace ${namespace} changes from ${from} to ${to}`];
  });
  return firstOf(changes, (more) => `the quotas of ${more} more namespaces change`);
}
