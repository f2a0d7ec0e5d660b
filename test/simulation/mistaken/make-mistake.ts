import { makeMistake } from '../../../simulation/edits.ts';

makeMistake(process.env.LESSOR_MISTAKE);
