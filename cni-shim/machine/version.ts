/** Set by the build to package.json's version. */
declare const LESSOR_VERSION: string | undefined;

/** Of this executable; `0.0.0` where the source runs without having been built. */
export const version: string = typeof LESSOR_VERSION === 'string' ? LESSOR_VERSION : '0.0.0';
