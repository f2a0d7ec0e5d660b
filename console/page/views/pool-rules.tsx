/** What is kept for whom in a pool, what of it is not handed out, and whose pods come to it. */
import type { ComponentChildren } from 'preact';
import type { PoolView as SeenPool } from '../../../core/contract/pool.ts';
import { DataTable, type TableColumn } from '../parts/data-table.tsx';
import { Section, StateMark } from '../parts/parts.tsx';

interface Rule {
  readonly key: string;
  readonly what: ComponentChildren;
  readonly which: ComponentChildren;
}

const columns: readonly TableColumn<Rule>[] = [
  { head: 'What', of: ({ what }) => what },
  { head: 'Of which', class: 'words', of: ({ which }) => which },
];

export function PoolRules({ pool }: { pool: SeenPool }) {
  const rules = rulesOf(pool);
  if (rules.length === 0) return null;
  return (
    <Section title="Rules">
      <DataTable label="Rules" columns={columns} rows={rules} keyOf={({ key }) => key} />
    </Section>
  );
}

function rulesOf({ namespaces, nodeLabels, clusters, default: isDefault, reservations, exclude }: SeenPool): Rule[] {
  const rule = (what: string, which: string): Rule => ({ key: `${what} ${which}`, what, which });
  return [
    ...namespaces.map((one) => rule('Pods of namespace', one)),
    ...Object.entries(nodeLabels).map(([key, value]) => rule('Pods on nodes with', `${key}=${value}`)),
    ...clusters.map((one) => rule('Nodes of cluster', one)),
    ...(isDefault ? [rule('Pods', 'that no other pool asks for')] : []),
    ...reservations.map(({ name, addresses, namespace, pod }) => ({
      key: `reserved ${name}`,
      what: (
        <>
          <StateMark state="reserved" /> <span class="mono">{addresses.join(', ')}</span>
        </>
      ),
      which: `${name}: ${namespace}${pod === undefined ? '' : `/${pod}`}`,
    })),
    ...exclude.map((span) => ({
      key: `excluded ${span}`,
      what: <StateMark state="excluded" />,
      which: <span class="mono">{span}</span>,
    })),
  ];
}
