/** Every section, in the order in which it is run and printed. */
import type { Section } from './section.ts';

export const sections: readonly Section[] = [];
