/** GC: what this node holds in this network for attachments that the runtime does not know (CNI specification, section 4). */
import type { Attachment } from '../../core/contract/ids.ts';
import { LessorError } from '../../core/contract/problems.ts';
import type { ValidAttachment } from '../cni/valid-attachments.ts';
import { reconcile } from '../sync/reconcile.ts';
import type { NetworkPlugin } from './assemble.ts';
import { removeEntry } from './del.ts';

/**
 * The list is one node's and one network's, so nothing else is touched. Goes on after a failure, and reports them all.
 * @param valid undefined where the runtime gave no list: then nothing is released
 * @throws LessorError
 */
export async function collect(plugin: NetworkPlugin, valid: readonly ValidAttachment[] | undefined): Promise<void> {
  if (valid === undefined) return;
  const { records, api, bootId } = plugin;
  const known = new Set(valid.map(keyOf));
  const isValid = (attachment: Attachment) => known.has(keyOf(attachment));
  const failures: LessorError[] = [];
  const attempt = async (step: () => Promise<unknown>) => {
    try {
      return await step();
    } catch (error) {
      if (!(error instanceof LessorError)) throw error;
      return failures.push(error);
    }
  };
  for (const entry of records.journal.entries().filter(({ attachment }) => !isValid(attachment)))
    await attempt(() => removeEntry(plugin, entry));
  await attempt(async () => {
    const runtime = { network: records.name, isValid };
    const done = await reconcile({ api, bootId, runtime, candidates: [records] });
    failures.push(...done.failures.map(({ error }) => error));
  });
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
