/** The program that `cdk synth` and `cdk deploy` run. */
import { synthesize } from './synthesize.ts';

synthesize();
