/** What PromQL expressions ask for, as far as ours go: no quoted name, no comment. */
import { readFileSync } from 'node:fs';
import { parseYaml } from '@redocly/openapi-core';
import { CHART } from './helm.ts';

export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<'summary' | 'description' | 'runbook', string>>;
}

export const RULES = `${CHART}/rules.yaml`;
export const DASHBOARD = `${CHART}/dashboard.json`;

export const alerts = (): Alert[] =>
  (parseYaml(readFileSync(RULES, 'utf8')) as { groups: { rules: Alert[] }[] }).groups.flatMap(({ rules }) => rules);

export interface DashboardPanel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

export interface DashboardFile {
  readonly panels: readonly DashboardPanel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: unknown }[] };
}

export const dashboard = (): DashboardFile => JSON.parse(readFileSync(DASHBOARD, 'utf8'));

export const panelExpressions = ({ panels }: DashboardFile): string[] =>
  panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

/** As Grafana sends it, where every node is chosen. */
export const asAsked = (expr: string): string =>
  expr.replaceAll('$node', '.*').replaceAll('$__rate_interval', '1m').replaceAll('$__range', '1h');

const METRIC = /\b(lessor_\w+|up)\b/g;
const LABELS = /(?<=[{,])\s*(\w+)\s*(?==~|!=|!~|=)/g;
const GROUPING = /\b(?:by|without|on)\s*\(([^)]*)\)/g;

/** Names of series, without what a histogram's add to its name. */
export const metricsIn = (expr: string): string[] =>
  [...expr.matchAll(METRIC)].map(([, name = '']) => name.replace(/(?<=_seconds)_(bucket|count|sum)$/, ''));

export const labelsIn = (expr: string): string[] => [
  ...[...expr.matchAll(LABELS)].map(([, label = '']) => label),
  ...[...expr.matchAll(GROUPING)].flatMap(([, list = '']) => list.split(',').map((label) => label.trim())),
];
