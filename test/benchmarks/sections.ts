/** Every section, in the order in which it is run and printed. */
import { api } from './api.ts';
import { burst, burstOnline } from './burst.ts';
import { consolePage } from './console.ts';
import { control } from './control.ts';
import { fills } from './fills.ts';
import { growth } from './growth.ts';
import { handler } from './handler.ts';
import { imports } from './imports.ts';
import { pairs } from './pairs.ts';
import { plugin } from './process.ts';
import { requests } from './requests.ts';
import type { Section } from './section.ts';
import { storm } from './storm.ts';

export const sections: readonly Section[] = [
  requests,
  fills,
  handler,
  growth,
  imports,
  api,
  storm,
  burst,
  burstOnline,
  plugin,
  pairs,
  control,
  consolePage,
];
