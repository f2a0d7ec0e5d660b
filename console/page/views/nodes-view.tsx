/** The nodes: which live, and when they were heard of. */
import { useState } from 'preact/hooks';
import type { ListedNodeView } from '../../../core/contract/nodes.ts';
import { ask } from '../ask/ask.ts';
import { useAsked } from '../ask/live.ts';
import { DataTable, type TableColumn } from '../parts/data-table.tsx';
import { Ago, Empty, Loading, Problem } from '../parts/parts.tsx';
import { to } from '../route.ts';

export function NodesView() {
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const cursor = cursors.at(-1);
  const { value, error, loading } = useAsked(
    (signal) => ask('listNodes', { query: { limit: '100', ...(cursor === undefined ? {} : { cursor }) } }, signal),
    [cursor],
  );
  return (
    <article class="page">
      <header class="page-head">
        <h1>Nodes</h1>
      </header>
      {error !== undefined && <Problem error={error} />}
      {loading && <Loading />}
      {value !== undefined && value.nodes.length === 0 && <Empty>There is none on this page of the list.</Empty>}
      {value !== undefined && value.nodes.length > 0 && <NodeTable nodes={value.nodes} />}
      <nav class="pages" aria-label="Pages">
        <button
          type="button"
          class="button"
          disabled={cursors.length === 0}
          onClick={() => setCursors(cursors.slice(0, -1))}
        >
          Before
        </button>
        <button
          type="button"
          class="button"
          disabled={value?.nextCursor === undefined}
          onClick={() => value?.nextCursor !== undefined && setCursors([...cursors, value.nextCursor])}
        >
          Next
        </button>
      </nav>
    </article>
  );
}

const NodeTable = ({ nodes }: { nodes: readonly ListedNodeView[] }) => (
  <DataTable label="Nodes" columns={columns} rows={nodes} keyOf={({ node }) => node} />
);

const columns: readonly TableColumn<ListedNodeView>[] = [
  { head: 'Node', of: ({ node, name }) => <a href={to('node', node)}>{name ?? node}</a> },
  { head: 'Cluster', of: ({ cluster }) => cluster },
  {
    head: 'State',
    of: ({ alive }) => <span class={`chip ${alive ? 'chip-good' : 'chip-bad'}`}>{alive ? 'alive' : 'dead'}</span>,
  },
  {
    head: 'Last heard of',
    of: ({ heartbeatAt }) => (heartbeatAt === undefined ? 'not known' : <Ago time={heartbeatAt} />),
  },
  { head: 'Region', of: ({ region }) => region },
  { head: 'Version', of: ({ version }) => version },
];
