/** The program that `cdk synth` and `cdk deploy` run. */
import { LessorError } from '../core/contract/problems.ts';
import { readSettings } from './settings.ts';
import { synthesize } from './synthesize.ts';

try {
  synthesize(await readSettings());
} catch (error) {
  if (!(error instanceof LessorError)) throw error;
  console.error(error.message);
  // At once: CDK would go on to synthesize the unfinished app when this process has nothing left to do.
  process.exit(1);
}
