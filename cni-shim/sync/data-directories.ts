/** What this node keeps, in each of its data directories. */
import { type NodeRecords, openRecords, type RecordSurroundings } from '../node/node-records.ts';

export interface DataDirectories {
  readonly surroundings: RecordSurroundings;
  readonly dataDirs: readonly string[];
  readonly bootId: string;
}

export const recordsIn = ({ surroundings, dataDirs }: DataDirectories): NodeRecords[] =>
  dataDirs.map((dataDir) => openRecords(surroundings, dataDir));
