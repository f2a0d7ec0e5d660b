/** Every section, in the order in which it is run and printed. */
import { fills } from './fills.ts';
import { handler } from './handler.ts';
import { requests } from './requests.ts';
import type { Section } from './section.ts';

export const sections: readonly Section[] = [requests, fills, handler];
