/** GC: what this node holds in this network for attachments that the runtime does not know (CNI specification, section 4). */
import type { Attachment } from '../../core/contract/ids.ts';
import { LessorError } from '../../core/contract/problems.ts';
import { outcomeOf } from '../api/call-outcome.ts';
import type { ValidAttachment } from '../cni/valid-attachments.ts';
import type { JournalEntry } from '../node/journal-entry.ts';
import { reconcile } from '../sync/reconcile.ts';
import type { NetworkPlugin } from './assemble.ts';
import { removeEntry } from './del.ts';

/**
 * The list is one node's and one network's, so nothing else is touched; and nothing that is in it is released, whatever the
 * journal says. Goes on after a failure, and reports them all.
 * @param valid undefined where the runtime gave no list: then nothing is released
 * @throws LessorError
 */
export async function gc(plugin: NetworkPlugin, valid: readonly ValidAttachment[] | undefined): Promise<void> {
  if (valid === undefined) return;
  const { records, api, bootId, network } = plugin;
  const known = new Set(valid.map(keyOf));
  const isValid = (attachment: Attachment) => known.has(keyOf(attachment));
  const failures: LessorError[] = [];
  const isHere = ({ network: name }: Attachment) => name === network.name;
  const isKept = (attachment: Attachment) => isHere(attachment) && isValid(attachment);
  const unknown = ({ attachment, release }: JournalEntry) =>
    isHere(attachment) && !isValid(attachment) && release !== 'del';
  for (const entry of records.journal.entries().filter(unknown)) {
    const removed = await outcomeOf(removeEntry(plugin, entry, { isKept }));
    if (removed.kind !== 'granted') failures.push(removed.error);
  }
  const runtime = { network: network.name, isValid };
  const compared = await outcomeOf(reconcile({ api, bootId, runtime, candidates: [records] }));
  if (compared.kind !== 'granted') failures.push(compared.error);
  else failures.push(...compared.answer.failures.map(({ error }) => error));
  if (failures.length > 0) throw together(failures);
}

const keyOf = ({ containerId, ifname }: ValidAttachment): string => `${containerId}@${ifname}`;

/** One that may succeed later makes the whole worth another try. */
function together(failures: readonly LessorError[]): LessorError {
  const [worth = failures[0]] = failures.filter(({ kind }) => kind.retry);
  if (worth === undefined) throw new RangeError('nothing failed');
  if (failures.length === 1) return worth;
  const texts = [...new Set(failures.map(({ message }) => message))];
  return new LessorError(worth.code, `${failures.length} of the releases failed: ${texts.join('; ')}`, {
    facts: worth.facts,
  });
}
