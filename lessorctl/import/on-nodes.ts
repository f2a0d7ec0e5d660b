/** `lessor import` on each node, in the agent's pod: a node signs for itself, and nobody can assert a lease in its place. */
import { agentOn, lessorOn } from '../kubernetes/agent.ts';
import type { Shell } from '../shell/shell.ts';

/** As `lessor import --json` has it. */
export interface NodeImportRow {
  readonly outcome: string;
  readonly why?: string;
  readonly containerId?: string;
  readonly ifname?: string;
  readonly pod?: { readonly namespace: string; readonly name: string };
  readonly addresses: readonly string[];
  readonly from: readonly string[];
  readonly standing?: string;
}

export type NodeImport =
  | { readonly node: string; readonly rows: readonly NodeImportRow[] }
  /** It could not be asked, or refused. */
  | { readonly node: string; readonly why: string };

export interface AskedImport {
  readonly kind: string;
  /** What was exported. */
  readonly text: string;
  /** Options of `lessor import` that are the same on each node. */
  readonly options: readonly string[];
}

export async function importOn(
  shell: Pick<Shell, 'execute'>,
  context: string | undefined,
  node: string,
  { kind, text, options }: AskedImport,
): Promise<NodeImport> {
  const agent = await agentOn(shell, node, context);
  if ('why' in agent) return { node, why: agent.why };
  const args = ['import', kind, '-', '--node-name', node, '--json', ...agent.found.config, ...options];
  const ran = await lessorOn(shell, agent.found, context, args, text);
  const rows = rowsIn(ran?.stdout ?? '');
  // What is in the way of some attachments has an exit code too.
  if (rows !== undefined) return { node, rows };
  const [said = ''] = ran?.stderr.trim().split('\n') ?? [];
  return { node, why: said.replace(/^lessor: /, '') || 'lessor import could not be run in its agent’s pod' };
}

function rowsIn(text: string): readonly NodeImportRow[] | undefined {
  try {
    const { allocations } = JSON.parse(text) as { allocations?: readonly NodeImportRow[] };
    return allocations;
  } catch {
    return undefined;
  }
}
