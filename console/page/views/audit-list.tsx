/** Who changed what: of one pool or node. */
import type { AuditRow } from '../../../core/contract/audit.ts';
import { ask } from '../ask/ask.ts';
import { useAsked } from '../ask/live.ts';
import { vrf } from '../fleet/fleet.ts';
import { Ago, Empty, Loading, Problem, Section, TableFrame } from '../parts/parts.tsx';
import { gathered } from './gathered.ts';

/** Days that are looked through. */
const DAYS = 7;

export const PoolAudit = ({ pool }: { pool: string }) => (
  <Audit title={`Changes of pool ${pool}`} subject={`${vrf.value}/${pool}`} />
);

export const AllChanges = () => (
  <article class="page">
    <Audit title="Changes of pools and nodes" />
  </article>
);

function Audit({ title, subject }: { title: string; subject?: string }) {
  const audit = useAsked(
    (signal) => {
      const from = new Date(Date.now() - DAYS * 86_400_000).toISOString();
      return gathered(
        (more) => ask('audit', { query: { from, ...more } }, signal),
        ({ entries }) => entries,
      );
    },
    [subject],
  );
  const rows = (audit.value?.rows ?? []).filter((row) => subject === undefined || row.subject === subject).reverse();
  return (
    <Section title={title} beside={<span class="quiet">the last {DAYS} days</span>}>
      {audit.error !== undefined && <Problem error={audit.error} />}
      {audit.loading && <Loading />}
      {audit.value !== undefined && rows.length === 0 && <Empty>Nobody changed anything.</Empty>}
      {rows.length > 0 && <AuditTable rows={rows} />}
    </Section>
  );
}

const AuditTable = ({ rows }: { rows: readonly AuditRow[] }) => (
  <TableFrame label="Changes">
    <table>
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">What</th>
          <th scope="col">Of</th>
          <th scope="col">By</th>
          <th scope="col">Outcome</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={`${row.at} ${row.subject} ${row.action}`}>
            <td>
              <Ago time={row.at} />
            </td>
            <td>{row.action}</td>
            <td>{row.subject}</td>
            <td>{row.by}</td>
            <td>{row.outcome}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </TableFrame>
);
