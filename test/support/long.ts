/** `npm run test:long` sets LESSOR_LONG. */
export const isLong = process.env.LESSOR_LONG === '1';

/** How much a test does: there it does all of it. */
export const inLong = (all: number, otherwise: number): number => (isLong ? all : otherwise);
