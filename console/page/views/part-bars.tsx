/** Who has how much of a pool, the most first; with a quota, how much of it. */
import type { ComponentChildren } from 'preact';
import type { UsageResult } from '../../../core/contract/questions.ts';
import { numberText } from '../parts/texts.ts';

const MOST = 12;

interface Properties {
  readonly parts: NonNullable<UsageResult['parts']>;
  nameOf(of: string): ComponentChildren;
  /** The quota; undefined where there is none. */
  mostOf(of: string): number | undefined;
}

export function PartBars({ parts, nameOf, mostOf }: Properties) {
  const seen = parts.slice(0, MOST);
  const longest = Math.max(1, ...seen.map(({ of, held }) => Math.max(held, mostOf(of) ?? 0)));
  const rest = parts.slice(MOST).reduce((sum, { held }) => sum + held, 0);
  return (
    <ul class="bars">
      {seen.map(({ of, held }) => {
        const quota = mostOf(of);
        return (
          <li key={of} class={`bar ${quota !== undefined && held >= quota * 0.9 ? 'bar-near' : ''}`}>
            <span class="bar-name">{of === '' ? <span class="quiet">not known</span> : nameOf(of)}</span>
            <span class="bar-count tabular">
              {numberText(held)}
              {quota !== undefined && <span class="quiet"> of {numberText(quota)}</span>}
            </span>
            <svg class="bar-line" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
              {quota !== undefined && <rect class="share-ground" width={(quota / longest) * 100} height="6" />}
              <rect class="bar-used" width={(held / longest) * 100} height="6" />
            </svg>
          </li>
        );
      })}
      {rest > 0 && (
        <li class="quiet">
          {parts.length - MOST} more have {numberText(rest)}
        </li>
      )}
    </ul>
  );
}
