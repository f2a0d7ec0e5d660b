/** Operations that `npm test` simulates: steps of the schedule. */
export const OF_CI = 200_000;
