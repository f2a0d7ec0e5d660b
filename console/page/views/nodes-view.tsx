/** The nodes: which live, and when they were heard of. */
import { useState } from 'preact/hooks';
import type { ListedNodeView } from '../../../core/contract/nodes.ts';
import { ask } from '../ask/ask.ts';
import { useAsked } from '../ask/live.ts';
import { Ago, Empty, Loading, Problem, TableFrame } from '../parts/parts.tsx';
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
  <TableFrame label="Nodes">
    <table>
      <thead>
        <tr>
          <th scope="col">Node</th>
          <th scope="col">Cluster</th>
          <th scope="col">State</th>
          <th scope="col">Last heard of</th>
          <th scope="col">Region</th>
          <th scope="col">Version</th>
        </tr>
      </thead>
      <tbody>
        {nodes.map(({ node, name, cluster, alive, heartbeatAt, region, version }) => (
          <tr key={node}>
            <td>
              <a href={to('node', node)}>{name ?? node}</a>
            </td>
            <td>{cluster}</td>
            <td>
              <span class={`chip ${alive ? 'chip-good' : 'chip-bad'}`}>{alive ? 'alive' : 'dead'}</span>
            </td>
            <td>{heartbeatAt === undefined ? 'not known' : <Ago time={heartbeatAt} />}</td>
            <td>{region}</td>
            <td>{version}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </TableFrame>
);
