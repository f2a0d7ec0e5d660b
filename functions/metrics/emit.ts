/** Writes metrics into the function's log, in CloudWatch's embedded metric format: no request, and no right, is needed for them. */
import { Metrics } from '@aws-lambda-powertools/metrics';
import { environment } from '../../core/contract/environment.ts';
import { type DeclaredBy, METRICS_NAMESPACE, type MetricName, metrics } from '../../core/contract/metrics.ts';
import type { ProblemCode } from '../../core/contract/problems.ts';

/** By which a metric is told apart, beside the deployment. */
export type Dimension =
  | { readonly code: ProblemCode }
  | { readonly pool: string }
  | { readonly declaredBy: DeclaredBy };

type Values<V> = Partial<Readonly<Record<MetricName, V>>>;

const published = new Metrics({
  namespace: METRICS_NAMESPACE,
  serviceName: process.env[environment.deployment] || 'lessor',
});

/**
 * Writes them at once: one line, or one for each 100 values of a metric. Of an ordinary request there is none: each line is paid
 * for.
 */
export function emit(values: Values<number | readonly number[]>): void;
export function emit(values: Values<number>, dimension: Dimension): void;
export function emit(values: Values<number | readonly number[]>, dimension?: Dimension): void {
  if (dimension) published.addDimensions({ ...dimension });
  for (const [name, value] of Object.entries(values) as [MetricName, number | readonly number[]][])
    for (const one of [value].flat()) published.addMetric(name, metrics[name].unit, one);
  // It has published the hundredth value by itself.
  if (published.hasStoredMetrics()) published.publishStoredMetrics();
}

/** Nodes that were declared dead: of none there is no line. */
export function emitDeaths(nodes: number, declaredBy: DeclaredBy): void {
  if (nodes === 0) return;
  emit({ NodesDeclaredDead: nodes });
  emit({ NodesDeclaredDead: nodes }, { declaredBy });
}
