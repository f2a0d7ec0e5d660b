/** How much will be used: what is, what is expected, the interval in which it will lie, and where the pool ends. */
import { scaleLinear } from 'd3-scale';
import { area, line } from 'd3-shape';
import type { ForecastResult } from '../../../core/contract/forecast.ts';
import { dayText, numberText } from './texts.ts';
import { useWidth } from './use-width.ts';

const HEIGHT = 220;
const MARGIN = { left: 52, right: 12, top: 14, bottom: 24 };

interface Point {
  readonly days: number;
  readonly least: number;
  readonly expected: number;
  readonly most: number;
}

export function CourseChart({ forecast }: { forecast: ForecastResult }) {
  const [frame, width] = useWidth<HTMLDivElement>();
  const { used, peaks = [], capacity, samples } = forecast;
  const end = Number(capacity);
  if (used === undefined || peaks.length === 0) return null;
  const points: Point[] = [{ days: 0, least: used, expected: used, most: used }, ...peaks];
  const start = Date.parse(samples.to ?? forecast.at);
  const x = scaleLinear([0, points.at(-1)?.days ?? 1], [MARGIN.left, width - MARGIN.right]);
  const top = Math.max(end, ...points.map(({ most }) => Math.min(most, end * 1.25))) * 1.04;
  const y = scaleLinear([0, top], [HEIGHT - MARGIN.bottom, MARGIN.top]).clamp(true);
  const band = area<Point>()
    .x(({ days }) => x(days))
    .y0(({ least }) => y(least))
    .y1(({ most }) => y(most));
  const middle = line<Point>()
    .x(({ days }) => x(days))
    .y(({ expected }) => y(expected));
  const dayOf = (days: number) => dayText(start + days * 86_400_000);
  return (
    <div class="chart" ref={frame}>
      <svg width={width} height={HEIGHT} role="img" aria-label={inWords(forecast, points)}>
        {y.ticks(4).map((tick) => (
          <g key={tick} transform={`translate(0 ${y(tick)})`}>
            <line class="chart-line" x1={MARGIN.left} x2={width - MARGIN.right} />
            <text class="chart-text" x={MARGIN.left - 8} dy="0.32em" text-anchor="end">
              {numberText(tick)}
            </text>
          </g>
        ))}
        {x.ticks(Math.max(2, Math.floor(width / 130))).map((tick) => (
          <text
            key={tick}
            class="chart-text"
            x={x(tick)}
            y={HEIGHT - 6}
            text-anchor={x(tick) > width - 40 ? 'end' : 'middle'}
          >
            {tick === 0 ? 'now' : dayOf(tick)}
          </text>
        ))}
        <path class="chart-band" d={band(points) ?? ''} />
        <path class="chart-middle" d={middle(points) ?? ''} />
        {points.slice(1).map(({ days, expected }) => (
          <circle key={days} class="chart-point" cx={x(days)} cy={y(expected)} r="3">
            <title>{`${dayOf(days)}: ${numberText(expected)}`}</title>
          </circle>
        ))}
        <line class="chart-end" x1={MARGIN.left} x2={width - MARGIN.right} y1={y(end)} y2={y(end)} />
        <text class="chart-end-text" x={MARGIN.left + 6} y={y(end) - 5}>
          full
        </text>
      </svg>
    </div>
  );
}

const inWords = ({ unit, used = 0, capacity }: ForecastResult, points: readonly Point[]): string => {
  const later = points.slice(1).map(({ days, expected }) => `in ${days} days ${numberText(expected)}`);
  return `Most ${unit} in use at once: now ${numberText(used)} of ${numberText(Number(capacity))}, ${later.join(', ')}`;
};
