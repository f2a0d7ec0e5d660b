/** A pod, or all pods of a namespace: what they have, and had. */
import { PoolAudit } from './audit-list.tsx';
import { LeasesNow, LeasesThen, useLeases, usePastLeases } from './leases-over-time.tsx';

export function PodView({ namespace, pod }: { namespace: string; pod: string | undefined }) {
  const whose = { namespace, ...(pod === undefined ? {} : { pod }) };
  const now = useLeases(whose);
  const then = usePastLeases(whose);
  return (
    <article class="page">
      <header class="page-head">
        <p class="kind">{pod === undefined ? 'Namespace' : 'Pod'}</p>
        <h1>
          {pod !== undefined && <span class="quiet">{namespace}/</span>}
          {pod ?? namespace}
        </h1>
      </header>
      <LeasesNow now={now} />
      <LeasesThen
        then={then}
        label={`Addresses of ${namespace} over time`}
        laneOf={({ addresses, pod: whose }) => (pod === undefined ? (whose?.name ?? '') : (addresses[0] ?? ''))}
      />
      {pod !== undefined &&
        [...new Set(now.value?.rows.map(({ pool }) => pool))].map((pool) => <PoolAudit key={pool} pool={pool} />)}
    </article>
  );
}
