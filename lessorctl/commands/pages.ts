/** A list with pages, read to its end while the user sees how far it is. */
import type { WorkProgress } from '../session/progress.ts';

/** @param what in the plural */
export async function gathered<Page, Row>(
  pages: AsyncIterable<Page>,
  rowsOf: (page: Page) => readonly Row[],
  progress: WorkProgress,
  what: string,
): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const page of pages) {
    for (const row of rowsOf(page)) rows.push(row);
    progress.tell(`${rows.length} ${what}`);
  }
  return rows;
}
