/** What lay when on a line: each lease is a bar, what is not known is hatched. */
import { scaleTime } from 'd3-scale';
import { dayText, timeText } from './texts.ts';
import { useWidth } from './use-width.ts';

export interface TimeBar {
  readonly from: string;
  /** Absent where it goes on. */
  readonly to?: string | undefined;
  readonly text: string;
  /** Bars of one lane do not overlap. */
  readonly lane: string;
}

interface Properties {
  readonly label: string;
  readonly bars: readonly TimeBar[];
  readonly unknown?: readonly { readonly from: string; readonly to: string }[];
}

const [LANE, GAP, AXIS] = [16, 5, 20];
/** Lanes that are drawn: the list beneath has all. */
const MOST_LANES = 12;

export function TimeLine({ label, bars, unknown = [] }: Properties) {
  const [frame, width] = useWidth<HTMLDivElement>();
  const now = Date.now();
  const times = [...bars, ...unknown].map(({ from }) => Date.parse(from));
  if (times.length === 0) return null;
  const first = Math.min(...times, now - 3_600_000);
  const at = scaleTime([first - (now - first) * 0.03, now], [0, width]);
  const lanes = [...new Set(bars.map(({ lane }) => lane))].slice(0, MOST_LANES);
  const height = Math.max(1, lanes.length) * (LANE + GAP) + AXIS;
  return (
    <div class="time-line" ref={frame}>
      <svg width={width} height={height} role="img" aria-label={label}>
        <defs>
          <pattern id="unknown-lines" width="6" height="6" patternUnits="userSpaceOnUse">
            <path d="M0 6L6 0" class="time-line-unknown" />
          </pattern>
        </defs>
        {at.ticks(Math.max(2, width / 110)).map((tick) => (
          <g key={tick.getTime()} transform={`translate(${at(tick)} 0)`}>
            <line class="time-line-tick" y2={height - AXIS} />
            <text class="time-line-text" y={height - 5} text-anchor={at(tick) > width - 30 ? 'end' : 'middle'}>
              {now - first > 3 * 86_400_000
                ? dayText(tick)
                : tick.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })}
            </text>
          </g>
        ))}
        {unknown.map(({ from, to }) => (
          <rect
            key={from}
            x={at(new Date(from))}
            width={Math.max(2, at(new Date(to)) - at(new Date(from)))}
            height={height - AXIS}
            fill="url(#unknown-lines)"
          >
            <title>{`not known, ${timeText(from)} to ${timeText(to)}`}</title>
          </rect>
        ))}
        {bars.flatMap(({ from, to, text, lane }) => {
          const row = lanes.indexOf(lane);
          if (row === -1) return [];
          const [left, right] = [at(new Date(from)), at(to === undefined ? new Date(now) : new Date(to))];
          return [
            <rect
              key={`${from} ${lane}`}
              class={to === undefined ? 'time-line-held' : 'time-line-past'}
              x={left}
              y={row * (LANE + GAP)}
              width={Math.max(3, right - left)}
              height={LANE}
              rx="2"
            >
              <title>{`${text}: ${timeText(from)} to ${to === undefined ? 'now' : timeText(to)}`}</title>
            </rect>,
          ];
        })}
      </svg>
    </div>
  );
}
