/** A pool: how full, and when; who has it; its quotas, its reservations, who changed it. */
import type { ComponentChildren } from 'preact';
import type { PoolView as SeenPool } from '../../../core/contract/pool.ts';
import type { UsageResult } from '../../../core/contract/questions.ts';
import { ask } from '../ask/ask.ts';
import { type LiveValue, useAsked } from '../ask/live.ts';
import { vrf } from '../fleet/fleet.ts';
import { CourseChart } from '../parts/course-chart.tsx';
import { Empty, Facts, Loading, NodeLink, Problem, Section, StateMark } from '../parts/parts.tsx';
import { numberText, sizeText } from '../parts/texts.ts';
import { to } from '../route.ts';
import { PoolAudit } from './audit-list.tsx';
import { fullText } from './full-text.ts';
import { PartBars } from './part-bars.tsx';
import { PoolRules } from './pool-rules.tsx';

export function PoolView({ name }: { name: string }) {
  const question = { path: { pool: name }, query: { vrf: vrf.value } };
  const given = [name, vrf.value];
  const pool = useAsked((signal) => ask('readPool', question, signal), given);
  const by = (part: 'namespace' | 'node') => (signal: AbortSignal) =>
    ask('usage', { ...question, query: { ...question.query, by: part } }, signal);
  const namespaces = useAsked(by('namespace'), given);
  const nodes = useAsked(by('node'), given);
  const { value } = pool;
  return (
    <article class="page">
      <header class="page-head">
        <p class="kind">Pool</p>
        <h1>{name}</h1>
        {value !== undefined && <StateMark state={value.state} />}
        {value !== undefined && <PoolActions pool={value} />}
      </header>
      {pool.error !== undefined && <Problem error={pool.error} />}
      {pool.loading && <Loading />}
      {namespaces.value !== undefined && <UseBar usage={namespaces.value} />}
      {value !== undefined && <PoolFacts pool={value} usage={namespaces.value} />}
      <Foreseen name={name} />
      <div class="two">
        <Parts
          title="By namespace"
          asked={namespaces}
          nameOf={(of) => <a href={to('pod', of)}>{of}</a>}
          quotas={value}
        />
        <Parts title="By node" asked={nodes} nameOf={(of) => <NodeLink node={of} />} />
      </div>
      {value !== undefined && <PoolRules pool={value} />}
      <PoolAudit pool={name} />
    </article>
  );
}

function PoolActions({ pool }: { pool: SeenPool }) {
  const subnet = pool.ranges.flat().find((range) => !range.subnet.includes(':'))?.subnet;
  return (
    <span class="actions">
      <a class="button" href={subnet === undefined ? `#/?ipv6=${pool.name}` : `#/?at=${encodeURIComponent(subnet)}`}>
        Show on the map
      </a>
      <a class="button" href={to('change', 'pool', pool.name)}>
        Change
      </a>
    </span>
  );
}

/** All of a pool as one line: each part has the shape of its state. */
function UseBar({ usage: { held, cooling = 0, reserved, capacity } }: { usage: UsageResult }) {
  const all = Math.max(1, Number(capacity));
  const parts = [
    ['held', held],
    ['cooling', cooling],
    ['reserved', Number(reserved)],
  ] as const;
  const rest = Math.max(0, all - held - cooling - Number(reserved));
  return (
    <div class="use">
      <div class="use-bar" aria-hidden="true">
        {parts.map(([state, count]) => (
          <span key={state} class={`use-part use-${state}`} style={{ width: `${(count / all) * 100}%` }} />
        ))}
      </div>
      <p class="use-words">
        {parts.map(([state, count]) => (
          <span key={state}>
            <StateMark state={state} />
            <strong class="tabular">{numberText(count)}</strong>
          </span>
        ))}
        <span>
          <StateMark state="free" />
          <strong class="tabular">{sizeText(BigInt(Math.round(rest)).toString())}</strong>
        </span>
      </p>
    </div>
  );
}

const PoolFacts = ({ pool, usage }: { pool: SeenPool; usage: UsageResult | undefined }) => (
  <Facts
    facts={[
      ['Subnets', pool.ranges.map((set) => set.map(({ subnet }) => subnet).join(', ')).join(' + ')],
      ['Addresses', sizeText(pool.capacity)],
      ['Free', usage?.free === undefined ? undefined : sizeText(usage.free)],
      [
        'Blocks',
        pool.affinity === 'node' ? `${pool.blockSize} addresses, each of one node` : `${pool.blockSize} addresses`,
      ],
      ['Claimed blocks', usage?.claimedBlocks === undefined ? undefined : numberText(usage.claimedBlocks)],
      ['Cools for', `${pool.cooldownSeconds} s`],
      ['Leasing', pool.leasing],
      ['Version', numberText(pool.version)],
    ]}
  />
);

function Foreseen({ name }: { name: string }) {
  const { value, error, loading } = useAsked(
    (signal) => ask('forecast', { path: { pool: name }, query: { vrf: vrf.value } }, signal),
    [name, vrf.value],
  );
  return (
    <Section title="Use over time" beside={value && <span class="quiet">full: {fullText(value)}</span>}>
      {error !== undefined && <Problem error={error} />}
      {loading && <Loading />}
      {value !== undefined && value.samples.count === 0 && (
        <Empty>Nothing is known of its use yet: it is noted once an hour.</Empty>
      )}
      {value !== undefined && <CourseChart forecast={value} />}
      {value?.unknown === 'too-few-samples' && value.samples.count > 0 && (
        <p class="quiet">Nothing is foreseen before there is a week of its use.</p>
      )}
    </Section>
  );
}

interface PartsProperties {
  readonly title: string;
  readonly asked: LiveValue<UsageResult>;
  nameOf(of: string): ComponentChildren;
  readonly quotas?: SeenPool | undefined;
}

const Parts = ({ title, asked: { value, error, loading }, nameOf, quotas }: PartsProperties) => (
  <Section title={title}>
    {error !== undefined && <Problem error={error} />}
    {loading && <Loading />}
    {value?.parts?.length === 0 && <Empty>Nobody has anything of it.</Empty>}
    {value?.parts !== undefined && value.parts.length > 0 && (
      <PartBars parts={value.parts} nameOf={nameOf} mostOf={(of) => quotas?.quotas[of] ?? quotas?.quota} />
    )}
  </Section>
);
