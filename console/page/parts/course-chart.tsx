/** How much was used and will be: the peak of each day, what is expected, the interval in which it will lie, and where the pool ends. */
import { scaleLinear, scaleTime } from 'd3-scale';
import { area, curveStepBefore, line } from 'd3-shape';
import type { ForecastResult } from '../../../core/contract/forecast.ts';
import { dayText, numberText } from './texts.ts';
import { useWidth } from './use-width.ts';

const HEIGHT = 240;
const MARGIN = { left: 52, right: 12, top: 16, bottom: 24 };
const DAY = 86_400_000;

interface PastPoint {
  readonly at: number;
  readonly most: number;
  readonly capacity: number;
}

interface Point {
  readonly at: number;
  readonly least: number;
  readonly expected: number;
  readonly most: number;
}

/** In milliseconds since 1970, in their order. */
interface Course {
  readonly past: readonly PastPoint[];
  /** From the last sample on; none where nothing is foreseen. */
  readonly ahead: readonly Point[];
  readonly now: number;
  readonly end: number;
}

function courseOf({ used = 0, peaks = [], pastPeaks = [], capacity, samples, at }: ForecastResult): Course {
  const now = Date.parse(samples.to ?? at);
  const past = pastPeaks.map(({ until, most, capacity: then }) => ({
    at: Date.parse(until),
    most,
    capacity: Number(then),
  }));
  const foreseen = peaks.map(({ days, ...rest }) => ({ at: now + days * DAY, ...rest }));
  // The last day's peak goes on as the interval: both are of what is used at most.
  const from = past.at(-1)?.most ?? used;
  const ahead = foreseen.length === 0 ? [] : [{ at: now, least: from, expected: from, most: from }, ...foreseen];
  return { past, ahead, now, end: Number(capacity) };
}

export function CourseChart({ forecast }: { forecast: ForecastResult }) {
  const [frame, width] = useWidth<HTMLDivElement>();
  const course = courseOf(forecast);
  const { past, ahead, now, end } = course;
  if (past.length + ahead.length === 0) return null;
  const x = scaleTime(
    [past[0]?.at ?? now, ahead.at(-1)?.at ?? now + DAY],
    [MARGIN.left, Math.max(MARGIN.left + 60, width - MARGIN.right)],
  );
  const most = Math.max(end, ...past.map((one) => one.most), ...ahead.map((one) => Math.min(one.most, end * 1.25)));
  const y = scaleLinear([0, most * 1.04], [HEIGHT - MARGIN.bottom, MARGIN.top]).clamp(true);
  return (
    <div class="chart" ref={frame}>
      <svg width={width} height={HEIGHT} role="img" aria-label={inWords(forecast, course)}>
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
            key={tick.getTime()}
            class="chart-text"
            x={x(tick)}
            y={HEIGHT - 6}
            text-anchor={x(tick) > width - 40 ? 'end' : 'middle'}
          >
            {dayText(tick)}
          </text>
        ))}
        <Lines course={course} x={x} y={y} />
        <Now at={x(now)} isLast={ahead.length === 0} />
        <text class="chart-end-text" x={MARGIN.left + 6} y={y(past[0]?.capacity ?? end) - 5}>
          full
        </text>
      </svg>
    </div>
  );
}

interface Scales {
  readonly course: Course;
  x(at: number): number;
  y(count: number): number;
}

function Lines({ course: { past, ahead, now, end }, x, y }: Scales) {
  const used = area<PastPoint>()
    .x(({ at }) => x(at))
    .y0(y(0))
    .y1(({ most }) => y(most));
  const band = area<Point>()
    .x(({ at }) => x(at))
    .y0(({ least }) => y(least))
    .y1(({ most }) => y(most));
  const expected = line<Point>()
    .x(({ at }) => x(at))
    .y(({ expected: count }) => y(count));
  const capacity = line<readonly [at: number, count: number]>()
    .x(([at]) => x(at))
    .y(([, count]) => y(count))
    .curve(curveStepBefore);
  const last = ahead.at(-1)?.at ?? now + DAY;
  const ends = [...past.map((one) => [one.at, one.capacity] as const), [now, end] as const, [last, end] as const];
  return (
    <>
      <path class="chart-used" d={used(past) ?? ''} />
      <path class="chart-used-line" d={used.lineY1()(past) ?? ''} />
      <path class="chart-band" d={band(ahead) ?? ''} />
      <path class="chart-middle" d={expected(ahead) ?? ''} />
      {ahead.slice(1).map(({ at, least, expected: count, most }) => (
        <circle key={at} class="chart-point" cx={x(at)} cy={y(count)} r="3">
          <title>{`${dayText(at)}: ${numberText(count)} (${numberText(least)} to ${numberText(most)})`}</title>
        </circle>
      ))}
      <path class="chart-end" d={capacity(ends) ?? ''} />
    </>
  );
}

const Now = ({ at, isLast }: { at: number; isLast: boolean }) => (
  <g>
    <line class="chart-now" x1={at} x2={at} y1={MARGIN.top} y2={HEIGHT - MARGIN.bottom} />
    <text class="chart-text" x={isLast ? at - 4 : at + 4} y={MARGIN.top - 4} text-anchor={isLast ? 'end' : 'start'}>
      now
    </text>
  </g>
);

function inWords({ unit, used = 0, capacity, samples, at, peaks = [] }: ForecastResult, { past }: Course): string {
  const [first] = past;
  const before = first === undefined ? '' : ` ${dayText(first.at)} ${numberText(first.most)},`;
  const end = numberText(Number(capacity));
  const now = Date.parse(samples.to ?? at);
  const later = peaks.map(
    ({ days, expected }) => `in ${days} days (${dayText(now + days * DAY)}) ${numberText(expected)}`,
  );
  return [`Most ${unit} in use at once:${before} now ${numberText(used)} of ${end}`, ...later].join(', ');
}
