/** What several views are made of. */
import type { ComponentChildren } from 'preact';
import type { QuestionRefused } from '../ask/ask.ts';
import { to } from '../route.ts';
import { bare } from '../space/numbers.ts';
import { agoText, percentText, timeText } from './texts.ts';

type State =
  | 'held'
  | 'cooling'
  | 'reserved'
  | 'excluded'
  | 'free'
  | 'outside'
  | 'unusable'
  | 'active'
  | 'draining'
  | 'closing'
  | 'unknown';

type MarkShape = State | 'new';

/** A colour, a shape and a word: none of them has to be seen. @param shape where the word is another one */
export function StateMark(mark: { state: State } | { state: string; shape: MarkShape }) {
  const shape = 'shape' in mark ? mark.shape : mark.state;
  return (
    <span class={`state state-${shape}`}>
      <span class="state-shape" aria-hidden="true" />
      {mark.state}
    </span>
  );
}

export const AddressLink = ({ address }: { address: string }) => (
  <a class="mono" href={to('address', bare(address))}>
    {bare(address)}
  </a>
);

export const PodLink = ({ pod }: { pod: { namespace: string; name: string } | undefined }) =>
  pod === undefined ? (
    <span class="quiet">not known</span>
  ) : (
    <a href={to('pod', pod.namespace, pod.name)}>
      <span class="quiet">{pod.namespace}/</span>
      {pod.name}
    </a>
  );

export const NodeLink = ({ node }: { node: string }) => <a href={to('node', node)}>{node}</a>;
export const PoolLink = ({ pool }: { pool: string }) => <a href={to('pool', pool)}>{pool}</a>;

/** As long ago; the time itself is in the tip. */
export const Ago = ({ time }: { time: string }) => (
  <time dateTime={time} title={timeText(time)}>
    {agoText(time)}
  </time>
);

export const Facts = ({ facts }: { facts: readonly (readonly [name: string, value: ComponentChildren])[] }) => (
  <dl class="facts">
    {facts
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
  </dl>
);

export const Problem = ({ error }: { error: QuestionRefused }) => (
  <div class="problem" role="alert">
    <strong>{error.message}</strong>
    {error.remedy !== undefined && !error.message.includes(error.remedy) && <p>{error.remedy}</p>}
    <code>{error.code}</code>
  </div>
);

export const Loading = () => (
  <div class="loading" role="status">
    <span class="visually-hidden">Loading</span>
    <span class="loading-line" />
    <span class="loading-line" />
    <span class="loading-line" />
  </div>
);

/** How much of it is taken. */
export const ShareBar = ({ share }: { share: number | undefined }) => (
  <span class={`share ${share === undefined ? '' : share >= 0.95 ? 'share-full' : share >= 0.8 ? 'share-near' : ''}`}>
    <svg class="share-bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
      <rect class="share-ground" width="100" height="6" rx="1" />
      <rect
        class="share-used"
        width={share === undefined ? 0 : Math.max(share > 0 ? 1.5 : 0, Math.min(1, share) * 100)}
        height="6"
        rx="1"
      />
    </svg>
    <span class="share-text">{share === undefined ? '–' : percentText(share)}</span>
  </span>
);

export const Section = ({
  title,
  beside,
  children,
}: {
  title: string;
  beside?: ComponentChildren;
  children: ComponentChildren;
}) => (
  <section class="section">
    <header class="section-head">
      <h2>{title}</h2>
      {beside}
    </header>
    {children}
  </section>
);

export const Empty = ({ children }: { children: ComponentChildren }) => <p class="empty">{children}</p>;

/** A few of which one is meant, or that belong together. */
export const Segments = ({ label, children }: { label: string; children: ComponentChildren }) => (
  <fieldset class="segments">
    <legend class="visually-hidden">{label}</legend>
    {children}
  </fieldset>
);
