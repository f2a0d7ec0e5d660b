import { describe, expect, it } from 'vitest';
import { folded, table } from '../../../local/demo/table.ts';

const head = ['NAME', 'STATE', 'SINCE'];
const rows = [
  ['a', 'leased', ''],
  ['longer', 'free', '10:00:00 UTC'],
];

describe('a table', () => {
  it('has columns as wide as their widest cell', () => {
    expect(table(head, rows, 80)).toEqual(['NAME    STATE   SINCE', 'a       leased', 'longer  free    10:00:00 UTC']);
  });

  it('of nothing is its head', () => {
    expect(table(head, [], 80)).toEqual(['NAME  STATE  SINCE']);
  });

  it('that is too wide has no head, and folds its rows between cells', () => {
    expect(table(head, rows, 20)).toEqual(['a  leased', 'longer  free', '  10:00:00 UTC']);
  });

  it('keeps a cell whole that is wider than all', () => {
    expect(folded(['name', 'x'.repeat(30)], 20)).toEqual(['name', `  ${'x'.repeat(30)}`]);
  });
});
