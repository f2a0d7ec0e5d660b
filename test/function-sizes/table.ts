/** The table of docs/functions.md. */
import type { Measured, MeasuredUseCase } from './measure.ts';

const ms = (value: number): string => (value < 9_950 ? String(Math.round(value)) : `${(value / 1000).toFixed(0)}k`);

/** `passes` or what is wrong; wall and CPU time of the first request and of a later one. */
const cell = ({ wrong, cold, warm }: Measured): string => {
  const times = `${ms(cold.wall)} (${ms(cold.cpu)}) / ${ms(warm.wall)} (${ms(warm.cpu)})`;
  return wrong === undefined ? times : `**fails: ${wrong}** ${times}`;
};

export function tableOf(sizes: readonly number[], rows: readonly MeasuredUseCase[]): string[] {
  const head = [
    'use case',
    'function',
    'requests',
    ...sizes.map((size) => `${size.toLocaleString('en')} MB`),
    'memory',
  ];
  const starts = [...new Set(rows.map((row) => row.function))].map((name) => {
    const of = rows.filter((row) => row.function === name);
    const inits = sizes.map((_, index) => of.map(({ at }) => at[index] as Measured).map(({ init }) => init));
    const cells = inits.map(
      (all) => `${ms(Math.max(...all.map(({ wall }) => wall)))} (${ms(Math.max(...all.map(({ cpu }) => cpu)))})`,
    );
    return ['start of an environment', name, '', ...cells, ''];
  });
  const lines = rows.map(({ name, function: fn, at }) => {
    const peak = Math.max(...at.map(({ peakMb }) => peakMb));
    const { requests = 0 } = at[0] ?? {};
    return [name, fn, String(requests), ...at.map(cell), `${Math.round(peak)} MB`];
  });
  return [head, head.map(() => '---'), ...starts, ...lines].map((cells) => `| ${cells.join(' | ')} |`);
}
