/** What an import came to in the whole cluster: each node says it of the same export. */
import type { NodeImport, NodeImportRow } from './on-nodes.ts';

export interface OpenRow extends NodeImportRow {
  /** Undefined where it is not of one node. */
  readonly node: string | undefined;
}

export interface WholeImport {
  /** Attachments by node, and of each how many came to what. */
  readonly nodes: readonly { readonly node: string; readonly counts: Readonly<Record<string, number>> }[];
  readonly notAsked: readonly { readonly node: string; readonly why: string }[];
  /** In conflict, unreadable, unanswered, or nobody's: a pod may live with each, and it has no lease. */
  readonly open: readonly OpenRow[];
  /** Of hosts: no pod's, and in use. */
  readonly ofHosts: readonly OpenRow[];
  /** Attachments that are not held yet: of a dry run. */
  readonly would: number;
  /** Allocations of other nodes than those that were asked. */
  readonly elsewhere: number;
  /** Attachments that nobody saw live, and that are held all the same. */
  readonly unproven: number;
}

/** Of one node; what each node says of the same thing is said once. */
const OF_NODE = ['would', 'imported', 'already', 'over', 'conflict', 'unsure'];
const HELD = ['would', 'imported', 'already', 'over'];

/** @param isPart whether other nodes were left out: then what is no node's of these may be theirs */
export function wholeImport(all: readonly NodeImport[], isPart: boolean): WholeImport {
  const asked = all.flatMap((one) => ('rows' in one ? [one] : []));
  const own = asked.flatMap(({ node, rows }) =>
    rows.filter(({ outcome }) => OF_NODE.includes(outcome)).map((row) => ({ ...row, node })),
  );
  const taken = new Set(own.flatMap(({ from }) => from));
  const others = new Map<string, OpenRow>();
  for (const { rows } of asked)
    for (const row of rows)
      if (!OF_NODE.includes(row.outcome)) {
        // That it is another node's says who has to import it: that one did, or could not be asked.
        const left = row.from.filter((from) => !taken.has(from));
        if (left.length > 0) others.set(`${left.join()}`, { ...row, node: undefined });
      }
  const isTheirs = (outcome: string) => isPart && (outcome === 'elsewhere' || outcome === 'nowhere');
  const rest = [...others.values()].filter(({ outcome }) => outcome !== 'void');
  return {
    nodes: asked.map(({ node, rows }) => ({ node, counts: countsOf(rows) })),
    notAsked: all.flatMap((one) => ('why' in one ? [one] : [])),
    open: [
      ...own.filter(({ outcome }) => !HELD.includes(outcome)),
      ...rest.filter(({ outcome }) => !(outcome === 'host' || isTheirs(outcome))).map(explained),
    ],
    ofHosts: rest.filter(({ outcome }) => outcome === 'host'),
    would: own.filter(({ outcome }) => outcome === 'would').length,
    elsewhere: rest.filter(({ outcome }) => isTheirs(outcome)).length,
    unproven: own.filter(({ standing, outcome }) => standing === 'unproven' && HELD.includes(outcome)).length,
  };
}

const explained = (row: OpenRow): OpenRow =>
  row.outcome === 'elsewhere' ? { ...row, why: `${row.why}, which did not import it` } : row;

function countsOf(rows: readonly NodeImportRow[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { outcome } of rows) if (OF_NODE.includes(outcome)) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}
