/** Lists with pages, as far as a person reads. */
export interface Gathered<Row> {
  readonly rows: readonly Row[];
  /** There are more than are shown. */
  readonly isCut: boolean;
}

const MOST_ROWS = 500;
const MOST_PAGES = 10;

export async function gathered<Page extends { nextCursor?: string | undefined }, Row>(
  ask: (more: { cursor?: string }) => Promise<Page>,
  rowsOf: (page: Page) => readonly Row[],
): Promise<Gathered<Row>> {
  const rows: Row[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES && rows.length < MOST_ROWS; page += 1) {
    const answer = await ask(cursor === undefined ? {} : { cursor });
    rows.push(...rowsOf(answer));
    cursor = answer.nextCursor;
    if (cursor === undefined) break;
  }
  return { rows: rows.slice(0, MOST_ROWS), isCut: cursor !== undefined || rows.length > MOST_ROWS };
}
