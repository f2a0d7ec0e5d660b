/** How much a test does: `npm run test:long` sets LESSOR_LONG, and then it does all of it. */
export const inLong = (all: number, otherwise: number): number => (process.env.LESSOR_LONG === '1' ? all : otherwise);
