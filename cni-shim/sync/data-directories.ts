/** What is kept of each network of this node, in each data directory that it has. */
import type { Surroundings } from '../machine/surroundings.ts';
import { type NetworkRecords, networksIn, openRecords } from '../node/network-records.ts';

export interface DataDirectories {
  readonly surroundings: Pick<Surroundings, 'files' | 'now'>;
  readonly dataDirs: readonly string[];
  readonly bootId: string;
}

export const recordsIn = ({ surroundings, dataDirs, bootId }: DataDirectories): NetworkRecords[] =>
  dataDirs.flatMap((dataDir) =>
    networksIn(surroundings.files, dataDir).map((name) => openRecords(surroundings, { dataDir, name, bootId })),
  );
