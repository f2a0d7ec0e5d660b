/** The metrics that functions write into their logs, read as CloudWatch reads them. */
import { vi } from 'vitest';

/** One metric of one line, for one of the line's sets of dimensions. */
export interface Emitted {
  readonly namespace: string;
  readonly metric: string;
  readonly unit: string;
  readonly dimensions: Readonly<Record<string, unknown>>;
  readonly values: readonly number[];
}

/** CloudWatch's embedded metric format, as far as it is read here. */
interface MetricLine {
  readonly _aws: {
    readonly Timestamp: number;
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
    }[];
  };
  readonly [member: string]: unknown;
}

/** Lines that are no metrics are left out. */
export const emittedIn = (lines: readonly string[]): Emitted[] =>
  lines
    .filter((line) => line.includes('"_aws"'))
    .map((line) => JSON.parse(line) as MetricLine)
    .flatMap((line) =>
      line._aws.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
        Dimensions.flatMap((names) =>
          Metrics.map(({ Name, Unit }) => ({
            namespace: Namespace,
            metric: Name,
            unit: Unit,
            dimensions: Object.fromEntries(names.map((name) => [name, line[name]])),
            values: [line[Name]].flat() as number[],
          })),
        ),
      ),
    );

/** Lets this process write metrics, and takes them from its output; `restoreAllMocks` ends it. Before the functions are loaded. */
export function capturedMetrics(): { read(): Emitted[] } {
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'false');
  const lines: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    lines.push(...String(text).trimEnd().split('\n'));
    return true;
  });
  return { read: () => emittedIn(lines.splice(0)) };
}
