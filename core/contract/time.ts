/** Times on the wire. */
import * as z from 'zod/mini';
import { most, patterns } from './limits.ts';

/** RFC 3339, with its time zone: 2026-01-31T12:00:00Z. */
export const time = z.string().check(
  z.maxLength(most.time),
  z.regex(patterns.time, 'must be a time of RFC 3339 with its zone, like 2026-01-31T12:00:00Z'),
  z.refine((text) => !Number.isNaN(Date.parse(text)), 'is no time that there is'),
);
