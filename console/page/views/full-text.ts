/** When a pool will be full, in words. */
import type { ForecastResult } from '../../../core/contract/forecast.ts';
import { dayText } from '../parts/texts.ts';

export function fullText(forecast: ForecastResult | undefined): string {
  if (forecast === undefined) return '–';
  const { fullAt, unknown, horizonDays } = forecast;
  if (unknown === 'too-few-samples') return 'not known yet';
  if (unknown === 'samples-too-old') return 'not known any more';
  if (fullAt === undefined) return '–';
  const { earliest, expected, latest } = fullAt;
  if (earliest === null) return `not within ${horizonDays} days`;
  const about = expected === null ? `perhaps from ${dayText(earliest)} on` : `about ${dayText(expected)}`;
  if (expected === null) return about;
  return `${about} (${dayText(earliest)} – ${latest === null ? 'later' : dayText(latest)})`;
}
