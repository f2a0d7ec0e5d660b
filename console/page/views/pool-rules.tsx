/** What is kept for whom in a pool, what of it is not handed out, and whose pods come to it. */
import type { PoolView as SeenPool } from '../../../core/contract/pool.ts';
import { Section, StateMark, TableFrame } from '../parts/parts.tsx';

export function PoolRules({ pool }: { pool: SeenPool }) {
  const labels = Object.entries(pool.nodeLabels).map(([key, value]) => `${key}=${value}`);
  const rows: (readonly [string, string])[] = [
    ...pool.namespaces.map((one) => ['Pods of namespace', one] as const),
    ...labels.map((one) => ['Pods on nodes with', one] as const),
    ...pool.clusters.map((one) => ['Nodes of cluster', one] as const),
    ...(pool.default ? [['Pods', 'that no other pool asks for'] as const] : []),
  ];
  if (rows.length + pool.reservations.length + pool.exclude.length === 0) return null;
  return (
    <Section title="Rules">
      <TableFrame label="Rules">
        <table>
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">Of which</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([what, which]) => (
              <tr key={`${what} ${which}`}>
                <td>{what}</td>
                <td>{which}</td>
              </tr>
            ))}
            {pool.reservations.map(({ name, addresses, namespace, pod }) => (
              <tr key={name}>
                <td>
                  <StateMark state="reserved" /> <span class="mono">{addresses.join(', ')}</span>
                </td>
                <td>
                  {name}: {namespace}
                  {pod !== undefined && `/${pod}`}
                </td>
              </tr>
            ))}
            {pool.exclude.map((span) => (
              <tr key={span}>
                <td>
                  <StateMark state="excluded" />
                </td>
                <td class="mono">{span}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableFrame>
    </Section>
  );
}
