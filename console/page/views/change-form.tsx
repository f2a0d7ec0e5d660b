/** A change in two steps: what it would come to, in the service's words; then it is done, if nobody changed it meanwhile. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { PoolPatch } from '../../../core/contract/pool.ts';
import { QuestionRefused } from '../ask/ask.ts';
import type { PlannedSpan } from '../map/planned.ts';
import { Problem } from '../parts/parts.tsx';
import { PlannedMap } from './planned-map.tsx';

export interface ForeseenChange {
  readonly effects: readonly string[];
  readonly warnings?: readonly string[] | undefined;
  /** What is shown on the map before it is so. */
  readonly planned?: readonly PlannedSpan[];
  /** Of a pool: what is written. */
  readonly patch?: PoolPatch;
  /** The version that was looked at. */
  readonly version?: string | undefined;
}

interface Properties {
  readonly title: string;
  readonly about: string;
  readonly children?: ComponentChildren;
  readonly doIt: string;
  readonly danger?: boolean;
  /** Changes nothing. */
  foresee(): Promise<ForeseenChange>;
  /** @returns what was done */
  carryOut(foreseen: ForeseenChange): Promise<readonly string[]>;
}

type Stage =
  | { readonly at: 'asking' | 'doing' | 'given' }
  | { readonly at: 'foreseen'; readonly foreseen: ForeseenChange }
  | { readonly at: 'done'; readonly effects: readonly string[] }
  | { readonly at: 'refused'; readonly error: QuestionRefused };

export function ChangeForm({ title, about, children, doIt, danger = false, foresee, carryOut }: Properties) {
  const [stage, setStage] = useState<Stage>({ at: 'given' });
  const attempt = async (at: 'asking' | 'doing', work: () => Promise<Stage>) => {
    setStage({ at });
    const refused = (error: unknown): Stage => ({
      at: 'refused',
      error: error instanceof QuestionRefused ? error : new QuestionRefused('console.fault', String(error)),
    });
    setStage(await work().catch(refused));
  };
  const look = () => attempt('asking', async () => ({ at: 'foreseen', foreseen: await foresee() }));
  const isBusy = stage.at === 'asking' || stage.at === 'doing';
  return (
    <form
      class="form change"
      aria-label={title}
      onInput={() => setStage({ at: 'given' })}
      onSubmit={(event) => {
        event.preventDefault();
        void look();
      }}
    >
      <h2 class="form-wide">{title}</h2>
      <p class="quiet form-wide">{about}</p>
      {children}
      <div class="form-end">
        <button type="submit" class="button" disabled={isBusy}>
          What would it do?
        </button>
      </div>
      <div class="form-wide" aria-live="polite">
        {stage.at === 'refused' && <Problem error={stage.error} />}
        {stage.at === 'foreseen' && (
          <Effects foreseen={stage.foreseen}>
            <button
              type="button"
              class={`button ${danger ? 'button-danger' : 'button-main'}`}
              onClick={() => attempt('doing', async () => ({ at: 'done', effects: await carryOut(stage.foreseen) }))}
            >
              {doIt}
            </button>
          </Effects>
        )}
        {stage.at === 'done' && (
          <div class="effects effects-done" role="status">
            <strong>Done.</strong>
            <Sentences sentences={stage.effects} />
          </div>
        )}
      </div>
    </form>
  );
}

const Sentences = ({ sentences }: { sentences: readonly string[] }) => (
  <ul>
    {sentences.map((sentence) => (
      <li key={sentence}>{sentence}</li>
    ))}
  </ul>
);

const Effects = ({ foreseen, children }: { foreseen: ForeseenChange; children: ComponentChildren }) => (
  <div class="effects">
    <strong>{foreseen.effects.length === 0 ? 'It would change nothing.' : 'It would:'}</strong>
    <Sentences sentences={foreseen.effects} />
    {foreseen.warnings !== undefined && foreseen.warnings.length > 0 && (
      <div class="warnings">
        <strong>Is that meant?</strong>
        <Sentences sentences={foreseen.warnings} />
      </div>
    )}
    {foreseen.planned !== undefined && <PlannedMap spans={foreseen.planned} />}
    {foreseen.effects.length > 0 && <div class="form-end">{children}</div>}
  </div>
);
