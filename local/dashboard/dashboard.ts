/** Grafana's dashboard of the nodes, which the chart brings. */
import {
  BarGaugeDisplayMode,
  BigValueColorMode,
  BigValueGraphMode,
  type Dashboard,
  DashboardCursorSync,
  type FieldConfigSource,
  type GraphFieldConfig,
  LegendDisplayMode,
  type Panel,
  type RowPanel,
  SortOrder,
  ThresholdsMode,
  TooltipDisplayMode,
  VariableHide,
  VariableRefresh,
  VariableSort,
  VisibilityMode,
  VizOrientation,
} from '@grafana/schema';
import type { Options as ListOptions } from '@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import type { Options as StatOptions } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type { Options as CourseOptions } from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';
import { problems } from '../../core/contract/problems.ts';
import { type PanelRow, rows, type Shown } from './panels.ts';

const SOURCE = { type: 'prometheus', uid: '$datasource' };
const KINDS = {
  number: { type: 'stat', width: 4, height: 4 },
  course: { type: 'timeseries', width: 8, height: 8 },
  list: { type: 'bargauge', width: 8, height: 8 },
} as const;
/** Columns of Grafana's grid. */
const COLUMNS = 24;

const reduceOptions = { calcs: ['lastNotNull'], fields: '', values: false };
const OPTIONS = {
  number: {
    reduceOptions,
    colorMode: BigValueColorMode.Value,
    graphMode: BigValueGraphMode.Area,
  } satisfies Partial<StatOptions>,
  course: {
    legend: { calcs: [], displayMode: LegendDisplayMode.List, placement: 'bottom', showLegend: true },
    tooltip: { mode: TooltipDisplayMode.Multi, sort: SortOrder.Descending },
  } satisfies Partial<CourseOptions>,
  list: {
    reduceOptions,
    displayMode: BarGaugeDisplayMode.Basic,
    orientation: VizOrientation.Horizontal,
  } satisfies Partial<ListOptions>,
} as const;
const COURSE = {
  fillOpacity: 10,
  showPoints: VisibilityMode.Never,
  spanNulls: false,
} satisfies Partial<GraphFieldConfig>;

/** Our codes in words, and the specification's that an ADD of ours has. */
const CODES = new Map<number, string>([
  ...Object.values(problems).flatMap(({ cni, title }) => (cni >= 100 ? [[cni, title] as const] : [])),
  [5, 'Storage of the node'],
  [7, 'Configuration'],
  [11, 'Tried again by itself'],
]);

function fieldsOf({ unit, kind, bad, queries }: Shown): FieldConfigSource {
  const red = { color: 'red', value: bad === undefined ? null : 'from' in bad ? bad.from : null };
  const steps =
    bad === undefined
      ? [{ color: kind === 'list' ? 'blue' : 'text', value: null }]
      : 'from' in bad
        ? [{ color: 'green', value: null }, red]
        : [red, { color: 'green', value: bad.below }];
  const named = queries.some(({ legend }) => legend === '{{code}}') ? [...CODES] : [];
  return {
    defaults: {
      unit,
      min: 0,
      thresholds: { mode: ThresholdsMode.Absolute, steps },
      ...(kind === 'course' ? { custom: COURSE } : {}),
    },
    overrides: named.map(([code, title]) => ({
      matcher: { id: 'byName', options: String(code) },
      properties: [{ id: 'displayName', value: `${code}: ${title}` }],
    })),
  };
}

interface Place {
  readonly id: number;
  readonly x: number;
  readonly y: number;
}

function panelOf(shown: Shown, { id, x, y }: Place): Panel {
  const { title, about, kind, queries } = shown;
  const { type, width: w, height: h } = KINDS[kind];
  return {
    id,
    type,
    title,
    description: about,
    gridPos: { x, y, w, h },
    datasource: SOURCE,
    fieldConfig: fieldsOf(shown),
    options: OPTIONS[kind],
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + index),
      datasource: SOURCE,
      expr,
      legendFormat: legend,
      ...(kind === 'list' ? { instant: true } : { range: true }),
    })),
  };
}

const GRID = { h: 1, w: COLUMNS, x: 0 } as const;

/** A row's title and its panels, from left to right and then below. */
function panelsOf(
  { title, panels }: PanelRow,
  firstId: number,
  top: number,
): { all: (RowPanel | Panel)[]; bottom: number } {
  const all: (RowPanel | Panel)[] = [
    { id: firstId, type: 'row', title, collapsed: false, gridPos: { ...GRID, y: top }, panels: [] },
  ];
  let [x, y, lowest] = [0, top + 1, top + 1];
  for (const shown of panels) {
    const { width, height } = KINDS[shown.kind];
    if (x + width > COLUMNS) [x, y] = [0, lowest];
    all.push(panelOf(shown, { id: firstId + all.length, x, y }));
    x += width;
    lowest = Math.max(lowest, y + height);
  }
  return { all, bottom: lowest };
}

function nodesDashboard(): Dashboard {
  const panels: (RowPanel | Panel)[] = [];
  let top = 0;
  for (const row of rows) {
    const { all, bottom } = panelsOf(row, panels.length + 1, top);
    panels.push(...all);
    top = bottom;
  }
  return {
    uid: 'lessor-nodes',
    title: 'Lessor: nodes',
    description:
      'What the agents and the plugin of the nodes do. The service has a dashboard of its own in CloudWatch.',
    tags: ['lessor', 'cni', 'ipam'],
    schemaVersion: 39,
    version: 1,
    editable: true,
    graphTooltip: DashboardCursorSync.Crosshair,
    time: { from: 'now-3h', to: 'now' },
    refresh: '1m',
    timezone: 'browser',
    templating: {
      list: [
        {
          name: 'datasource',
          label: 'Prometheus',
          type: 'datasource',
          query: 'prometheus',
          hide: VariableHide.dontHide,
          refresh: VariableRefresh.onDashboardLoad,
        },
        {
          name: 'node',
          label: 'Node',
          type: 'query',
          datasource: SOURCE,
          query: { query: 'label_values(up{job="lessor"}, node)', refId: 'node' },
          refresh: VariableRefresh.onTimeRangeChanged,
          sort: VariableSort.alphabeticalAsc,
          multi: true,
          includeAll: true,
          allValue: '.*',
          current: { text: 'All', value: '$__all' },
        },
      ],
    },
    panels,
  };
}

/** As the file of the chart. */
export const nodesDashboardText = (): string => `${JSON.stringify(nodesDashboard(), undefined, 2)}\n`;
