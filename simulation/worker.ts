/** A process that plays what it is sent, one after the other. */
import { type Played, played } from './player.ts';
import type { PlayOrder } from './plays.ts';
import { makeRepeatable } from './repeatable.ts';

export interface Asked {
  readonly order: PlayOrder;
  readonly isShrunk: boolean;
}
export type Answered = Played | { readonly order: PlayOrder; readonly error: string };

makeRepeatable();
process.on('message', ({ order, isShrunk }: Asked) => {
  const answer = (answered: Answered) => void process.send?.(answered);
  played(order, isShrunk).then(answer, (error: unknown) =>
    answer({ order, error: error instanceof Error ? String(error.stack) : String(error) }),
  );
});
process.on('disconnect', () => process.exit());
