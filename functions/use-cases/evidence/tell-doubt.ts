/** Where EC2's word about a node is not clear, a person should look: that is told. */
import type { LessorEvent } from '../../../core/contract/events.ts';
import { most } from '../../../core/contract/limits.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { tell } from '../events.ts';

/** Of one run: the log and the metrics have the others. */
const MOST_TOLD = 100;

export interface Doubt {
  readonly node: string;
  readonly why: string;
}

/** What is as unclear an hour later is the same event. */
export async function tellDoubts(
  deps: Dependencies,
  call: Pick<Call, 'remainingMs'>,
  doubts: readonly Doubt[],
): Promise<void> {
  const because = 'evidence-unclear' as const;
  const told = doubts.slice(0, MOST_TOLD).map(
    ({ node, why }): LessorEvent => ({
      type: 'nodeInDoubt',
      key: [node, because, why],
      at: deps.now(),
      detail: { node, because, why: why.slice(0, most.why) },
    }),
  );
  if (told.length > 0) await tell(deps, call, ...told);
}
