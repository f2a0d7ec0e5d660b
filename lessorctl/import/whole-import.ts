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

/**
 * Takes what each node said. Each says something of the whole export, so that of all of it only what is new is kept.
 * @param names of the nodes, in the order in which they are shown
 * @param isPart whether other nodes were left out: then what is no node's of these may be theirs
 */
export function gatheredImport(names: readonly string[], isPart: boolean) {
  const own = new Map<string, OpenRow[]>();
  const others = new Map<string, OpenRow>();
  const refusals = new Map<string, string>();
  return {
    add(one: NodeImport): void {
      if ('why' in one) {
        refusals.set(one.node, one.why);
        return;
      }
      const { node, rows } = one;
      own.set(
        node,
        rows.filter(({ outcome }) => OF_NODE.includes(outcome)).map((row) => ({ ...row, node })),
      );
      for (const row of rows)
        if (!OF_NODE.includes(row.outcome)) others.set(row.from.join(), { ...row, node: undefined });
    },
    whole: (): WholeImport => {
      const said = <T>(of: ReadonlyMap<string, T>) =>
        names.flatMap((node) => [of.get(node)].filter((one) => one !== undefined).map((one) => ({ node, one })));
      const asked = said(own).map(({ node, one }) => ({ node, rows: one }));
      const notAsked = said(refusals).map(({ node, one }) => ({ node, why: one }));
      return wholeOf({ asked, notAsked, others: [...others.values()], isPart });
    },
  };
}

interface Gathered extends Pick<WholeImport, 'notAsked'> {
  readonly asked: readonly { readonly node: string; readonly rows: readonly OpenRow[] }[];
  readonly others: readonly OpenRow[];
  readonly isPart: boolean;
}

function wholeOf({ asked, notAsked, others, isPart }: Gathered): WholeImport {
  const own = asked.flatMap(({ rows }) => rows);
  const taken = new Set(own.flatMap(({ from }) => from));
  // That it is another node's says who has to import it: that one did, or could not be asked.
  const leftOf = ({ from }: OpenRow) => from.filter((one) => !taken.has(one));
  const isTheirs = (outcome: string) => isPart && (outcome === 'elsewhere' || outcome === 'nowhere');
  // What nodes say of the same thing is one, also where one of them knows of more that goes with it.
  const byWhatIsLeft = new Map(others.map((row) => [leftOf(row).join(), row]));
  const rest = [...byWhatIsLeft].flatMap(([left, row]) => (left === '' || row.outcome === 'void' ? [] : [row]));
  return {
    nodes: asked.map(({ node, rows }) => ({ node, counts: countsOf(rows) })),
    notAsked,
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
