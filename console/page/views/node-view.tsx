/** A node: whether it lives, what it has and had, and its deaths. */
import type { Death, NodeView as SeenNode } from '../../../core/contract/nodes.ts';
import { ask } from '../ask/ask.ts';
import { useAsked } from '../ask/live.ts';
import { vrf } from '../fleet/fleet.ts';
import { Ago, Facts, Loading, Problem } from '../parts/parts.tsx';
import { numberText } from '../parts/texts.ts';
import { to } from '../route.ts';
import { NodeAudit } from './audit-list.tsx';
import { LeasesNow, LeasesThen, useLeases, usePastLeases } from './leases-over-time.tsx';

export function NodeView({ node }: { node: string }) {
  const given = [node, vrf.value];
  const known = useAsked((signal) => ask('readNode', { query: { node } }, signal), given);
  const deaths = useAsked((signal) => ask('listDeaths', { query: { node } }, signal), given);
  const now = useLeases({ node });
  const then = usePastLeases({ node });
  const { value } = known;
  const held = now.value?.rows.filter(({ state }) => state === 'held').length;
  return (
    <article class="page">
      <header class="page-head">
        <p class="kind">Node</p>
        <h1>{value?.name ?? node}</h1>
        {value !== undefined && (
          <span class={`chip ${value.alive ? 'chip-good' : 'chip-bad'}`}>{value.alive ? 'alive' : 'dead'}</span>
        )}
        {value?.alive === true && (
          <a class="button" href={to('change', 'node', node)}>
            Declare dead
          </a>
        )}
      </header>
      {known.error !== undefined && <Problem error={known.error} />}
      {known.loading && <Loading />}
      {value !== undefined && <NodeFacts node={value} held={held} />}
      {deaths.value?.deaths.map((death) => (
        <DeathNote key={death.declaredAt} death={death} />
      ))}
      <LeasesNow now={now} />
      <LeasesThen then={then} label={`Addresses of ${node} over time`} laneOf={({ addresses }) => addresses[0] ?? ''} />
      <NodeAudit node={node} />
    </article>
  );
}

const NodeFacts = ({ node, held }: { node: SeenNode; held: number | undefined }) => (
  <Facts
    facts={[
      ['Id', <code key="id">{node.node}</code>],
      ['Last heard of', node.heartbeatAt === undefined ? 'not known' : <Ago time={node.heartbeatAt} />],
      ['Version', node.version],
      ['Life', numberText(node.incarnation)],
      ['Blocks', numberText(node.blocks.length)],
      ['Addresses held', held === undefined ? undefined : numberText(held)],
    ]}
  />
);

const DeathNote = ({ death }: { death: Death }) => (
  <p class="note note-bad">
    Declared dead <Ago time={death.declaredAt} /> by {death.declaredBy}: {death.reason}. {numberText(death.freed)}{' '}
    leases were freed.
  </p>
);
