/** A whole import: reads, judges, asks, and carries out; and what came of each thing that was written down. */
import type { Pod } from '../../core/contract/ids.ts';
import type { LessorError } from '../../core/contract/problems.ts';
import type { Calls } from '../api/client.ts';
import type { NodeRecords } from '../node/node-records.ts';
import type { Oddity } from './allocation.ts';
import { attachmentsOf, type ImportCandidate, type LeftOut } from './attachments.ts';
import { type Judged, judge } from './evidence.ts';
import { type Imported, type ImportOutcome, importLeases } from './import-leases.ts';
import { readSources, type SourceReading, type Sources } from './sources.ts';

export interface ImportOptions extends Sources {
  /** Under which the runtime will delete these containers. */
  readonly network: string;
  readonly vrf: string;
  readonly pool: string;
  /** Of attachments of which it is not written down. */
  readonly ifname: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly dryRun: boolean;
}

export interface ImportRow {
  readonly containerId: string | undefined;
  readonly ifname: string | undefined;
  readonly pod: Pod | undefined;
  readonly addresses: readonly string[];
  readonly from: readonly string[];
  readonly outcome: ImportOutcome | LeftOut['outcome'] | Oddity['kind'];
  readonly why: string | undefined;
  /** Whether it was seen to live; only of what is this node's. */
  readonly standing: ImportCandidate['standing'] | undefined;
}

export interface ImportDone {
  readonly rows: readonly ImportRow[];
  readonly nodeName: string;
  /** The first that is to be said by the exit code. */
  readonly error: LessorError | undefined;
}

interface Working {
  readonly reading: SourceReading;
  readonly records: NodeRecords;
  readonly api: Calls;
  readonly progress: (done: number, all: number) => void;
}

/** @throws LessorError where what was exported cannot be read, or the service could not be asked */
export async function runImport(
  { reading, records, api, progress }: Working,
  options: ImportOptions,
): Promise<ImportDone> {
  const { network, vrf, pool, labels, dryRun } = options;
  const { written, evidence } = readSources(reading, options);
  const judged = written.allocations.map((allocation) => judge(allocation, evidence));
  // Both of them have no other interface than the pod's own.
  const ifname = options.ifname ?? (options.kind === 'whereabouts' ? undefined : 'eth0');
  const { candidates, leftOut } = attachmentsOf(judged, { network, ifname });
  const others = othersIn(judged, evidence.nodeName);
  const imported = await importLeases(
    { records, api, files: reading.files, pool: { vrf, name: pool }, labels, others, dryRun, progress },
    candidates,
  );
  return {
    rows: [...imported.map(rowOf), ...leftOut.map(leftOutRow), ...written.oddities.map(oddityRow)],
    nodeName: evidence.nodeName,
    error: imported.find(({ error }) => error !== undefined)?.error,
  };
}

/** Addresses of other nodes, but those that these borrowed from this one: their nodes are told so. */
const othersIn = (judged: readonly Judged[], nodeName: string): Map<string, string> =>
  new Map(
    judged.flatMap(({ standing, allocation: { address, node, borrowedFrom } }) =>
      standing === 'elsewhere' && borrowedFrom?.toLowerCase() !== nodeName ? [[address, node ?? '(another one)']] : [],
    ),
  );

const rowOf = ({ candidate, outcome, why }: Imported): ImportRow => ({
  containerId: candidate.attachment.containerId,
  ifname: candidate.attachment.ifname,
  pod: candidate.pod,
  addresses: candidate.addresses,
  from: candidate.from,
  ...{ outcome, why },
  standing: candidate.standing,
});

const leftOutRow = (one: LeftOut): ImportRow => ({ ...one, standing: undefined });

const oddityRow = ({ from, address, kind, why }: Oddity): ImportRow => ({
  ...{ containerId: undefined, ifname: undefined, pod: undefined, standing: undefined },
  addresses: address === undefined ? [] : [address],
  from: [from],
  ...{ outcome: kind, why },
});
