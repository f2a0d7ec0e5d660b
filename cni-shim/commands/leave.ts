/** `lessor leave`. */
import { kubernetesStatus, untaintCommand } from '../agent/kubernetes-status.ts';
import type { NodeRecords } from '../node/node-records.ts';
import { recordsIn } from '../sync/data-directories.ts';
import { ensureNothingLives, type Left, leave, ownBlocks, stay } from '../sync/leave.ts';
import { accessJournals, type NodeAccess } from '../sync/node-access.ts';
import { reconcile } from '../sync/reconcile.ts';
import { command } from './command.ts';
import { jsonOption, nodeOptions } from './options.ts';
import { shortId, table } from './table.ts';

export const leaving = command({
  about: `Takes this node out of service, once it is drained: refuses while a container has an address here. From then on no
container begins here; what is left in the outbox and in the service's table is released, every block is given back, and
the service is told that this life of the node is over. Where it fails halfway the node stays out of service, and the same
command goes on; --stay lets containers begin again, unless the goodbye was sent already. After it ended well they may
begin as on a new node. A reboot puts a node that is leaving back into service. Name every data directory of the node.`,
  options: {
    ...nodeOptions,
    ...jsonOption,
    stay: { kind: 'flag', help: 'somebody changed their mind: containers may begin here again' },
    'dry-run': { kind: 'flag', help: 'change and tell nothing: show what would be' },
  },
  async run({ config, 'data-dir': dataDirs, json, stay: stays, 'dry-run': dryRun }, { surroundings, terminal }) {
    const access = accessJournals(surroundings, { config, dataDirs });
    const networks = recordsIn(access);
    if (stays) {
      const shown = { dryRun, stays: dryRun ? networks.some(isLeaving) : await stay(access, networks) };
      terminal.print(json ? inJson(shown) : stayInWords(shown));
      return 0;
    }
    const left = dryRun ? await wouldLeave(access, networks) : await leave(access, networks);
    const [tainted] = networks.flatMap((records) => kubernetesStatus(records) ?? []).filter((one) => one.tainted);
    terminal.print(json ? inJson({ dryRun, ...left }) : inWords(left, dryRun));
    if (tainted !== undefined && !json)
      terminal.print(`The agent takes its taint away. Where none runs: ${untaintCommand(tainted)}\n`);
    return 0;
  },
});

const isLeaving = ({ leaving: { isLeaving: is } }: NodeRecords): boolean => is();

/** The same reads; the service is told nothing, and the journal stays. */
async function wouldLeave(access: NodeAccess, networks: readonly NodeRecords[]): Promise<Left> {
  const { api, bootId } = access;
  ensureNothingLives(networks, bootId);
  const { life, released } = await reconcile({ api, bootId, candidates: networks, dryRun: true });
  return {
    releasedLater: networks.reduce(
      (sum, { outbox, journal }) => sum + outbox.toRelease().length + journal.entries().length,
      0,
    ),
    released,
    blocks: networks.flatMap((records) =>
      ownBlocks(records).map(({ name, block, generation }) => ({ pool: name, block, generation })),
    ),
    life,
  };
}

const inJson = (shown: object): string => `${JSON.stringify(shown, undefined, 2)}\n`;

function inWords({ releasedLater, released, blocks, life }: Left, dryRun: boolean): string {
  const rows = released.map(({ lease: { attachment }, reason }) => [
    attachment.network,
    shortId(attachment.containerId),
    attachment.ifname,
    reason,
  ]);
  const over = life === undefined ? 'none: the service does not know this node' : String(life.incarnation);
  return `${[
    table([
      [`Releases ${dryRun ? 'to be made' : 'made'} afterwards`, String(releasedLater)],
      [`Leases ${dryRun ? 'to be released' : 'released'} without a reason`, String(released.length)],
      [`Blocks ${dryRun ? 'to be given' : 'given'} back`, String(blocks.length)],
      [`Life ${dryRun ? 'that would be over' : 'that is over'}`, over],
    ]),
    ...titled(['NETWORK', 'CONTAINER', 'INTERFACE', dryRun ? 'WOULD BE RELEASED SINCE' : 'RELEASED SINCE'], rows),
    ...titled(
      ['POOL', 'BLOCK', 'GENERATION'],
      blocks.map(({ pool, block, generation }) => [pool, block, String(generation)]),
    ),
    dryRun ? 'The node stays as it is.' : 'The node has left.',
  ].join('\n\n')}\n`;
}

const titled = (head: readonly string[], rows: readonly (readonly string[])[]): string[] =>
  rows.length === 0 ? [] : [table([head, ...rows])];

function stayInWords({ dryRun, stays }: { readonly dryRun: boolean; readonly stays: boolean }): string {
  if (!stays) return 'The node was not leaving.\n';
  return dryRun ? 'Containers could begin here again.\n' : 'Containers may begin here again.\n';
}
