/**
 * `npm run functions [-- --sizes 512,1024,1769] [--only text] [--write]`: the bundled functions at the processor's share of a memory
 * size, against a store that answers after 4 ms over TLS, cold and warm; with --write, into docs/functions.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { parseArgs } from 'node:util';
import { cpuShare } from './cpu-share.ts';
import { measured } from './measure.ts';
import { tableOf } from './table.ts';

const PAGE = 'docs/functions.md';

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '512,1024,1769' },
    only: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
  },
});
const sizes = values.sizes.split(',').map(Number);
const share = cpuShare(sizes[0] ?? 512);
if (share === undefined) {
  console.log('functions: skipped, since no share of the processor can be set here (control groups, as root)');
  process.exit(0);
}
await share.remove();
// And of the store: its processes begin with this one's priority.
setPriority(constants.priority.PRIORITY_HIGHEST);
const lines = tableOf(sizes, await measured(sizes, (name) => name.includes(values.only)));
console.log(lines.join('\n'));
if (values.write) {
  const [before = '', rest = ''] = readFileSync(PAGE, 'utf8').split('<!-- functions -->');
  const [, after = ''] = rest.split('<!-- /functions -->');
  writeFileSync(PAGE, `${before}<!-- functions -->\n${lines.join('\n')}\n<!-- /functions -->${after}`);
}
