/** Pods of one name, in whichever namespace: which of them is meant. */
import { LeasesNow, useLeases } from './leases-over-time.tsx';

export function PodsView({ name }: { name: string }) {
  const now = useLeases({ pod: name });
  return (
    <article class="page">
      <header class="page-head">
        <p class="kind">Pods called</p>
        <h1>{name}</h1>
      </header>
      <LeasesNow now={now} />
    </article>
  );
}
