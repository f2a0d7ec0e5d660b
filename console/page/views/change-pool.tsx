/** What of a pool can be changed here: grow, drain, quota, reserve. Each holds for the version that was looked at. */
import { useState } from 'preact/hooks';
import type { PoolPatch, PoolView as SeenPool } from '../../../core/contract/pool.ts';
import { ask, send } from '../ask/ask.ts';
import { useAsked } from '../ask/live.ts';
import { vrf } from '../fleet/fleet.ts';
import type { PlannedKind, PlannedSpan } from '../map/planned.ts';
import { Field } from '../parts/field.tsx';
import { Loading, PoolLink, Problem } from '../parts/parts.tsx';
import { ChangeForm, type ForeseenChange } from './change-form.tsx';

export function ChangePool({ name }: { name: string }) {
  const { value, error, loading } = useAsked(
    (signal) => ask('readPool', { path: { pool: name }, query: { vrf: vrf.value } }, signal),
    [name, vrf.value],
    false,
  );
  return (
    <article class="page page-narrow">
      <header class="page-head">
        <p class="kind">Change pool</p>
        <h1>
          <PoolLink pool={name} />
        </h1>
      </header>
      {error !== undefined && <Problem error={error} />}
      {loading && <Loading />}
      {value !== undefined && (
        <>
          <Grow pool={value} />
          <Drain pool={value} />
          <Quota pool={value} />
          <Reserve pool={value} />
        </>
      )}
    </article>
  );
}

/** What the pool is like when it is looked at decides what is written; the version goes with it. */
function changing(name: string, patchOf: (pool: SeenPool) => PoolPatch, planned: readonly PlannedSpan[] = []) {
  const question = { path: { pool: name }, query: { vrf: vrf.value } };
  return {
    async foresee(): Promise<ForeseenChange> {
      const { etag, result } = await send('readPool', question);
      const patch = patchOf(result);
      const dry = { ...question, query: { ...question.query, dryRun: 'true' as const }, body: patch, ifMatch: etag };
      const { effects, warnings } = await ask('changePool', dry);
      return { effects, warnings, patch, version: etag, planned };
    },
    async carryOut({ patch = {}, version }: ForeseenChange): Promise<readonly string[]> {
      return (await ask('changePool', { ...question, body: patch, ifMatch: version })).effects;
    },
  };
}

const spansOf = (kind: PlannedKind, texts: readonly string[]): PlannedSpan[] => texts.map((text) => ({ kind, text }));
const listOf = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean);

function Grow({ pool }: { pool: SeenPool }) {
  const [text, setText] = useState('');
  const sets = text.split('+').map(listOf);
  const grown = ({ ranges }: SeenPool): PoolPatch => ({
    ranges: ranges.map((set, index) => [...set, ...(sets[index] ?? []).map((subnet) => ({ subnet }))]),
  });
  return (
    <ChangeForm
      title="Grow"
      about="Adds subnets. What is there stays as it is."
      doIt="Grow it"
      {...changing(pool.name, grown, spansOf('new', sets.flat()))}
    >
      <Field
        label="Subnets"
        example={pool.ranges.length > 1 ? '10.2.0.0/24 + fd00:2::/64' : '10.2.0.0/24'}
        hint={pool.ranges.length > 1 ? 'for each set of ranges, with a + between them' : 'several with commas'}
        value={text}
        required
        onInput={setText}
      />
    </ChangeForm>
  );
}

function Drain({ pool: { name, state, ranges } }: { pool: SeenPool }) {
  const isActive = state === 'active';
  return (
    <ChangeForm
      title={isActive ? 'Drain' : 'Lease again'}
      about={isActive ? 'It gives no new lease. What is held stays.' : 'It gives new leases again.'}
      doIt={isActive ? 'Drain it' : 'Lease again'}
      {...changing(
        name,
        () => ({ state: isActive ? 'draining' : 'active' }),
        isActive
          ? spansOf(
              'draining',
              ranges.flat().map(({ subnet }) => subnet),
            )
          : [],
      )}
    />
  );
}

function Quota({ pool: { name } }: { pool: SeenPool }) {
  const [namespace, setNamespace] = useState('');
  const [most, setMost] = useState('');
  const patchOf = ({ quotas }: SeenPool): PoolPatch => {
    const count = most.trim() === '' ? null : Number(most);
    if (namespace.trim() === '') return { quota: count };
    const { [namespace.trim()]: _, ...others } = quotas;
    return { quotas: count === null ? others : { ...others, [namespace.trim()]: count } };
  };
  return (
    <ChangeForm
      title="Quota"
      about="How many leases a namespace may hold."
      doIt="Set the quota"
      {...changing(name, patchOf)}
    >
      <Field
        label="Namespace"
        example="shop"
        hint="none: each that has no quota of its own"
        value={namespace}
        onInput={setNamespace}
      />
      <Field label="Leases" example="200" hint="none: no quota" value={most} onInput={setMost} />
    </ChangeForm>
  );
}

function Reserve({ pool: { name } }: { pool: SeenPool }) {
  const [given, setGiven] = useState({ name: '', addresses: '', namespace: '', pod: '' });
  const field = (key: keyof typeof given) => ({
    value: given[key],
    onInput: (value: string) => setGiven({ ...given, [key]: value.trim() }),
  });
  const patchOf = ({ reservations }: SeenPool): PoolPatch => {
    const { pod, addresses, ...rest } = given;
    const added = { ...rest, addresses: listOf(addresses), ...(pod === '' ? {} : { pod }) };
    return { reservations: [...reservations.filter((one) => one.name !== given.name), added] };
  };
  return (
    <ChangeForm
      title="Reserve"
      about="Keeps addresses for pods of one namespace, or for one pod. One of the same name is replaced."
      doIt="Reserve them"
      {...changing(name, patchOf, spansOf('reserved', listOf(given.addresses)))}
    >
      <Field label="Name" example="database" required {...field('name')} />
      <Field label="Addresses" example="10.1.0.32/28" required {...field('addresses')} />
      <Field label="Namespace" example="shop" required {...field('namespace')} />
      <Field label="Pod" hint="none: each of the namespace" {...field('pod')} />
    </ChangeForm>
  );
}
