/** Lists with pages, as far as a person reads. */
import type { Answered, ListRoute, ServiceQuestion } from '../../../lessorctl/api/service.ts';
import { pages } from '../ask/ask.ts';

export interface Gathered<Row> {
  readonly rows: readonly Row[];
  /** There are more than are shown. */
  readonly isCut: boolean;
}

const MOST_ROWS = 500;
const MOST_PAGES = 10;

export async function gathered<Name extends ListRoute, Row>(
  name: Name,
  question: ServiceQuestion<Name>,
  signal: AbortSignal,
  rowsOf: (page: Answered<Name>['result']) => readonly Row[],
): Promise<Gathered<Row>> {
  const rows: Row[] = [];
  let read = 0;
  for await (const page of pages(name, question, signal)) {
    rows.push(...rowsOf(page));
    read += 1;
    const isMore = 'nextCursor' in page && page.nextCursor !== undefined;
    if (isMore && (read === MOST_PAGES || rows.length >= MOST_ROWS))
      return { rows: rows.slice(0, MOST_ROWS), isCut: true };
  }
  return { rows: rows.slice(0, MOST_ROWS), isCut: rows.length > MOST_ROWS };
}
