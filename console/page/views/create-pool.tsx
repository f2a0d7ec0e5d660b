/** A new pool: how large it has to be, where it could lie, and what would come of it. */
import { useState } from 'preact/hooks';
import { ask } from '../ask/ask.ts';
import { pools, vrf } from '../fleet/fleet.ts';
import { Field } from '../parts/field.tsx';
import { spanOf } from '../space/numbers.ts';
import { freePrefixes, lengthFor } from '../space/plan.ts';
import { ChangeForm } from './change-form.tsx';

const OFFERED = 5;

export function CreatePool() {
  const [name, setName] = useState('');
  const [subnets, setSubnets] = useState('');
  const list = subnets.split(/[\s,]+/).filter(Boolean);
  const body = () => ({ vrf: vrf.value, name: name.trim(), ranges: [list.map((subnet) => ({ subnet }))] });
  return (
    <article class="page page-narrow">
      <header class="page-head">
        <p class="kind">VRF {vrf.value}</p>
        <h1>New pool</h1>
      </header>
      <Planner onChosen={setSubnets} />
      <ChangeForm
        title="Pool"
        about="Made with the default policy: addresses are leased one by one, and cool for 30 seconds."
        doIt="Make the pool"
        foresee={async () => {
          const { effects, warnings } = await ask('createPool', { query: { dryRun: 'true' }, body: body() });
          return { effects, warnings, planned: list.map((text) => ({ kind: 'new' as const, text })) };
        }}
        carryOut={async () => (await ask('createPool', { body: body() })).effects}
      >
        <Field label="Name" example="blue" required value={name} onInput={setName} />
        <Field label="Subnets" example="10.1.0.0/24" required value={subnets} onInput={setSubnets} />
      </ChangeForm>
    </article>
  );
}

function Planner({ onChosen }: { onChosen(subnet: string): void }) {
  const [addresses, setAddresses] = useState('250');
  const [within, setWithin] = useState('10.0.0.0/8');
  const [span, wanted] = [spanOf(within), Number(addresses)];
  const taken = pools.value.list.flatMap(({ ranges }) => ranges);
  const isWanted = Number.isInteger(wanted) && wanted > 0 && span?.family === 4;
  const offers = isWanted && span !== undefined ? freePrefixes(span, lengthFor(wanted), taken, OFFERED) : [];
  return (
    <section class="form" aria-label="Planner">
      <h2 class="form-wide">Where it could lie</h2>
      <Field label="Addresses" value={addresses} onInput={setAddresses} />
      <Field label="Within" value={within} onInput={setWithin} />
      <div class="form-end" aria-live="polite">
        {offers.length === 0 ? <span class="quiet">Nothing is free there.</span> : <span class="quiet">Free:</span>}
        {offers.map((offer) => (
          <button key={offer} type="button" class="button mono" onClick={() => onChosen(offer)}>
            {offer}
          </button>
        ))}
      </div>
    </section>
  );
}
