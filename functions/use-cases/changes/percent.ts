/** How full something is, as people and alarms read it. */

/** To a tenth; 100 only where nothing is free. @param use 0 to 1 */
export const percentOf = (use: number): number => (use >= 1 ? 100 : Math.min(99.9, Math.round(use * 1000) / 10));
