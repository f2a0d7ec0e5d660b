/** Whether the deployment is to be tested, and what its test says while it runs. */

const INSTALLS_AND_RUNS = '`npm run deployed` installs ministack (PyPI, without Docker) and runs it';

/** True for `npm run deployed`; elsewhere a line says that the test is skipped. */
export function isAsked(): boolean {
  if (process.env.LESSOR_DEPLOYED === '1') return true;
  process.stderr.write(`the deployment into ministack: skipped; ${INSTALLS_AND_RUNS}\n`);
  return false;
}

const began = Date.now();

/** Says what was done, and seconds since the beginning. */
export function did(what: string): void {
  process.stdout.write(`${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s  ${what}\n`);
}
