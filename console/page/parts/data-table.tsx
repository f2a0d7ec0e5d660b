/** Rows with the same columns: every table of the page. What is wider than the screen is scrolled, with keys too. */
import type { ComponentChildren } from 'preact';

export interface TableColumn<Row> {
  readonly head: string;
  readonly of: (row: Row) => ComponentChildren;
  readonly class?: 'number' | 'stack' | 'mono' | 'share-cell' | 'words';
}

interface Properties<Row> {
  /** What it is of, for those who do not see it. */
  readonly label: string;
  readonly columns: readonly TableColumn<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
}

export const DataTable = <Row,>({ label, columns, rows, keyOf }: Properties<Row>) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it once it has the focus
  <section class="table-frame" tabIndex={0} aria-label={label}>
    <table>
      <thead>
        <tr>
          {columns.map(({ head, class: kind }) => (
            <th key={head} scope="col" class={kind}>
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            {columns.map(({ head, of, class: kind }) => (
              <td key={head} class={kind}>
                {of(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  </section>
);
