/** For whom the service takes this node: a journal is one node's, and another one's releases would free nothing. */
import type { LessorError } from '../../core/contract/problems.ts';
import { refusal } from '../machine/refusal.ts';
import type { NodeRecords } from './node-records.ts';

const ROW = 'node';

/** Undefined where no answer has said it yet. */
export const knownNode = ({ meta }: Pick<NodeRecords, 'meta'>): string | undefined => meta(ROW);

/** Keeps the first that is told. An error that names both where it is another one. @param told an older service tells none */
export function otherIdentity(
  { meta, setMeta, path }: Pick<NodeRecords, 'meta' | 'setMeta' | 'path'>,
  told: string | undefined,
): LessorError | undefined {
  const known = meta(ROW);
  if (told === undefined || told === known) return undefined;
  if (known === undefined) {
    setMeta(ROW, told);
    return undefined;
  }
  return refusal(
    'node.configuration',
    `this journal is of node ${known}, and the service takes the caller for ${told}`,
    `give the node the role and session that it had; or drain it, remove ${path}, and declare ${known} dead`,
  );
}
