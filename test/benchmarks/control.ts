/** What lessorctl takes to start, as a whole process, beside one of the same compiler that does nothing. */
import { buildControl } from '../../lessorctl/build/build.ts';
import { emptyExecutable } from './executables.ts';
import { inTurn } from './in-turn.ts';
import { runs } from './one-process.ts';
import type { Goal, Section } from './section.ts';
import { figureOf } from './spread.ts';

const GOAL: Goal = { atMost: 3 };
const LINES = ['help', '--version', 'pool create --help'];

export const control: Section = {
  name: 'lessorctl',
  what: 'the start of lessorctl, as a whole process into a pipe, beside an empty executable of the same compiler',
  async run({ quick, progress }) {
    progress('building');
    const [path, empty] = [await buildControl(), await emptyExecutable()];
    const contenders = [
      { name: 'an empty executable of the same compiler', once: runs(empty) },
      ...LINES.map((line) => ({ name: `lessorctl ${line}`, once: runs(path, ...line.split(' ')) })),
    ];
    const rounds = quick ? { rounds: 2, warmUp: 1 } : { rounds: 100, warmUp: 10 };
    const [nothing, ...ours] = await inTurn(contenders, { ...rounds, progress });
    if (nothing === undefined) throw new Error('nothing was measured');
    return ours.map((one) => figureOf(one, nothing, 'ms', GOAL));
  },
};
