/**
 * Blocks that this node gives back, a file for each claim, in a directory of the boot:
 *
 *     given-back/<boot id>/<pool>.<block>.<generation>            it is to be given back, or was asked to be
 *     given-back/<boot id>/<pool>.<block>.<generation>.answered   the service has answered
 *
 * A mark is never taken away while the boot lasts. Whoever gives back makes the mark first and then looks whether a slot of
 * the block has a name; whoever lets a container live with a slot before the service answers has named it first and then
 * looks for the mark. So at least one of two such processes sees the other (I3), and no late answer brings the block back.
 */
import type { ClaimedBlock } from '../../core/contract/ids.ts';
import { draftIn, type Files } from '../machine/files.ts';
import { inNetwork } from '../machine/layout.ts';

export interface GivenBack {
  /** The claims of which neither they nor later ones of the same block were given back. Looks afresh each time. */
  without(pool: string, claims: readonly ClaimedBlock[]): ClaimedBlock[];
  /** Making a mark twice is making it once. */
  mark(pool: string, claim: ClaimedBlock): void;
  /** Claims that the service has not answered for. */
  due(pool: string): ClaimedBlock[];
  answered(pool: string, claim: ClaimedBlock): void;
}

const ANSWERED = '.answered';

interface Mark extends ClaimedBlock {
  readonly pool: string;
  readonly answered: boolean;
}

/** `directory` is the network's, `drafts` one that somebody sweeps. */
export function openGivenBack(files: Files, directory: string, bootId: string, drafts: string): GivenBack {
  const marks = `${inNetwork(directory).givenBack}/${bootId}`;
  const pathOf = (pool: string, { block, generation }: ClaimedBlock) => `${marks}/${pool}.${block}.${generation}`;
  const list = (): Mark[] => files.list(marks).map(markFrom);

  return {
    without(pool, claims) {
      const of = list().filter((mark) => mark.pool === pool);
      return claims.filter(
        ({ block, generation }) => !of.some((mark) => mark.block === block && generation <= mark.generation),
      );
    },
    mark(pool, claim) {
      const draft = draftIn(drafts);
      files.close(files.create(draft));
      files.link(draft, pathOf(pool, claim));
      files.remove(draft);
    },
    due(pool) {
      const marks = list().filter((mark) => mark.pool === pool);
      return marks.filter((mark) => !mark.answered && !isAnswered(marks, mark));
    },
    answered(pool, claim) {
      const path = pathOf(pool, claim);
      if (files.exists(path)) files.rename(path, `${path}${ANSWERED}`);
    },
  };
}

function markFrom(name: string): Mark {
  const [pool = '', block = '', generation, answered] = name.split('.');
  return { pool, block, generation: Number(generation), answered: answered !== undefined };
}

/** Two processes may have given the same claim back: the answer to one of them is enough. */
const isAnswered = (marks: readonly Mark[], { block, generation }: Mark): boolean =>
  marks.some((mark) => mark.answered && mark.block === block && mark.generation === generation);

/** Removes the marks of other boots: what an earlier boot owned is never used again as that claim. */
export function sweepGivenBack(files: Files, directory: string, bootId: string): void {
  const { givenBack: parent } = inNetwork(directory);
  for (const boot of files.list(parent).filter((name) => name !== bootId)) {
    for (const name of files.list(`${parent}/${boot}`)) files.remove(`${parent}/${boot}/${name}`);
    files.removeDirectory(`${parent}/${boot}`);
  }
}
