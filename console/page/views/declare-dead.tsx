/** A node is declared dead: first what would be freed, then it is done. */
import { useState } from 'preact/hooks';
import { ask } from '../ask/ask.ts';
import { Field } from '../parts/field.tsx';
import { NodeLink } from '../parts/parts.tsx';
import { ChangeForm } from './change-form.tsx';

export function DeclareDead({ node }: { node: string }) {
  const [reason, setReason] = useState('');
  const [insists, setInsists] = useState(false);
  const body = () => ({ node, reason, ...(insists ? { alsoIfAlive: true } : {}) });
  return (
    <article class="page page-narrow">
      <header class="page-head">
        <p class="kind">Declare dead</p>
        <h1>
          <NodeLink node={node} />
        </h1>
      </header>
      <ChangeForm
        title="Its life is over"
        about="What it holds is freed within minutes, whether or not its containers run. Make certain that nothing of it runs any more."
        doIt="Declare it dead"
        danger
        foresee={async () => {
          const { effects = [], refused } = await ask('declareDeath', { query: { dryRun: 'true' }, body: body() });
          const warnings = refused === true ? ['It was heard of lately: it is refused unless you insist.'] : [];
          return { effects, warnings };
        }}
        carryOut={async () => {
          const { reason: said } = await ask('declareDeath', { body: body() });
          return [`Declared dead: ${said}.`];
        }}
      >
        <Field
          label="Why you are certain"
          example="terminated, its disk is gone"
          required
          value={reason}
          onInput={setReason}
        />
        <label class="field field-check">
          <input
            type="checkbox"
            checked={insists}
            onChange={({ currentTarget }) => setInsists(currentTarget.checked)}
          />
          <span>Also if it was heard of in the last 15 minutes</span>
        </label>
      </ChangeForm>
    </article>
  );
}
