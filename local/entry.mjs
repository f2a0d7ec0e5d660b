/** What `npm start` runs, before anything is known to be installed: it says in one line what is missing, else starts. */
import process from 'node:process';

const OLDEST_NODE = 20;

function fail(line) {
  console.error(`✗ ${line}`);
  // The exit code of `service.unavailable`: something that is needed is not there.
  process.exit(30);
}

if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE)
  fail(`Lessor needs Node ${OLDEST_NODE} or newer, and this is Node ${process.versions.node} (${process.execPath})`);
try {
  const { register } = await import('tsx/esm/api');
  register();
  await import('./start.ts');
} catch (error) {
  // A package, not a file of the project: those begin with a path.
  const [, missing] = /^Cannot find package '([^']+)'/.exec(error?.message ?? '') ?? [];
  if (missing === undefined) throw error;
  fail(`The packages are not installed (${missing} is missing): run npm ci, then npm start`);
}
