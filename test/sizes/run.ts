/** `npm run sizes`: what each operation costs at 1 and at the size that the product is for; with --write, into docs/sizes.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { limitRows } from './limits.ts';
import { sized } from './operations.ts';
import { costAt, head, row } from './table.ts';

const PAGE = 'docs/sizes.md';

const lines = [`| ${head.join(' | ')} |`, `|${head.map(() => '---').join('|')}|`];
for (const one of sized) {
  process.stderr.write(`${one.operation}, ${one.most} ${one.of} …\n`);
  lines.push(row(one, await costAt(one, 1), await costAt(one, one.most)));
}
const limits = ['| of | at most |', '|---|---|', ...limitRows()];
console.log(lines.join('\n'));
if (process.argv.includes('--write')) {
  const page = put(put(readFileSync(PAGE, 'utf8'), 'sizes', lines), 'limits', limits);
  writeFileSync(PAGE, page);
}

/** The page with these lines between the two comments of that name. */
function put(page: string, name: string, rows: readonly string[]): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [before = '', rest = ''] = page.split(begin);
  const [, after = ''] = rest.split(end);
  return `${before}${begin}\n${rows.join('\n')}\n${end}${after}`;
}
