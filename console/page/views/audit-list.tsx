/** Who changed what: of one pool or node, or of all. */
import type { AuditRow } from '../../../core/contract/audit.ts';
import { changedFields } from '../../../core/contract/changed-fields.ts';
import { useAsked } from '../ask/live.ts';
import { vrf } from '../fleet/fleet.ts';
import { DataTable, type TableColumn } from '../parts/data-table.tsx';
import { Ago, Empty, Loading, NodeLink, PoolLink, Problem, Section } from '../parts/parts.tsx';
import { gathered } from './gathered.ts';

/** Days that are looked through. */
const DAYS = 7;

export const PoolAudit = ({ pool }: { pool: string }) => (
  <Audit title={`Changes of pool ${pool}`} subject={`${vrf.value}/${pool}`} />
);

export const NodeAudit = ({ node }: { node: string }) => <Audit title="What was done to the node" subject={node} />;

export const AllChanges = () => (
  <article class="page">
    <header class="page-head">
      <h1>Changes</h1>
    </header>
    <Audit title="Of pools and nodes" />
  </article>
);

function Audit({ title, subject }: { title: string; subject?: string }) {
  const audit = useAsked(
    (signal) => {
      const from = new Date(Date.now() - DAYS * 86_400_000).toISOString();
      const query = { from, order: 'latest' as const, ...(subject === undefined ? {} : { subject }) };
      return gathered('audit', { query }, signal, ({ entries }) => entries);
    },
    [subject],
  );
  // A service that does not know the parameters answers all of them, the earliest first.
  const rows = (audit.value?.rows ?? [])
    .filter((row) => subject === undefined || row.subject === subject)
    .sort((a, b) => (a.at < b.at ? 1 : -1));
  return (
    <Section title={title} beside={<span class="quiet">the last {DAYS} days</span>}>
      {audit.error !== undefined && <Problem error={audit.error} />}
      {audit.loading && <Loading />}
      {audit.value !== undefined && rows.length === 0 && <Empty>Nobody changed anything.</Empty>}
      {rows.length > 0 && (
        <DataTable
          label="Changes"
          columns={subject === undefined ? [...columns.slice(0, 2), of, ...columns.slice(2)] : columns}
          rows={rows}
          keyOf={(row) => `${row.at} ${row.subject} ${row.action}`}
        />
      )}
    </Section>
  );
}

const of: TableColumn<AuditRow> = { head: 'Of', of: subjectOf };

const columns: readonly TableColumn<AuditRow>[] = [
  { head: 'When', of: ({ at }) => <Ago time={at} /> },
  { head: 'What', of: ({ action }) => WORDS[action] },
  { head: 'Detail', class: 'words', of: detailOf },
  { head: 'By', class: 'words', of: ({ by }) => by },
  { head: 'Outcome', of: ({ outcome }) => outcome },
];

/** Of a death the reason, of a pool that was made where it lies, of a change the fields that differ. */
function detailOf(row: AuditRow): string {
  const { death, before, after } = row;
  if (death !== undefined) return death.reason;
  if (before !== undefined) return changedFields(row).join(', ');
  return (after?.ranges ?? []).flatMap((set) => set.map(({ subnet }) => subnet)).join(', ');
}

const WORDS: Readonly<Record<AuditRow['action'], string>> = {
  'pool.created': 'pool created',
  'pool.changed': 'pool changed',
  'pool.deleted': 'pool deleted',
  'node.declared-dead': 'declared dead',
};

function subjectOf({ subject, death }: AuditRow) {
  if (death !== undefined) return <NodeLink node={death.node} />;
  const name = subject.slice(subject.indexOf('/') + 1);
  return subject === `${vrf.value}/${name}` ? <PoolLink pool={name} /> : subject;
}
