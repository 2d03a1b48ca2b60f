// Builds Grafana's JSON, with the schema version of Grafana 11; newer versions migrate it on load.
import type { Dashboard, Panel, Query, Row, Threshold, Variable } from './panel.ts';

const SCHEMA_VERSION = 39;
const COLUMNS = 24;
const DEFAULT_WIDTH = 8;
const DEFAULT_HEIGHT = 8;
const TAG = 'millrace';
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

type Json = { readonly [key: string]: unknown };

interface Place {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

export function dashboardJson({ uid, title, description, rows, variables = [] }: Dashboard): Json {
  return {
    uid,
    title,
    description,
    tags: [TAG],
    schemaVersion: SCHEMA_VERSION,
    editable: true,
    graphTooltip: 1,
    refresh: '10s',
    time: { from: 'now-1h', to: 'now' },
    timezone: 'browser',
    annotations: { list: [] },
    links: [
      {
        type: 'dashboards',
        title: 'Millrace',
        tags: [TAG],
        asDropdown: true,
        includeVars: true,
        keepTime: true,
        targetBlank: false,
        icon: 'external link',
      },
    ],
    templating: {
      list: [
        datasourceVariable,
        labelVariable({ name: 'namespace', label: 'Namespace', metric: 'millrace_build_info', ofLabel: 'namespace' }),
        labelVariable({
          name: 'pod',
          label: 'Pod',
          ofLabel: 'pod',
          metric: 'millrace_build_info{namespace=~"$namespace"}',
        }),
        ...variables.map(labelVariable),
      ],
    },
    panels: layOut(rows),
  };
}

const datasourceVariable = {
  name: 'datasource',
  label: 'Data source',
  type: 'datasource',
  query: 'prometheus',
  regex: '',
  hide: 0,
  refresh: 1,
  multi: false,
  includeAll: false,
  options: [],
  current: {},
};

/** "All" also matches series without the label, as from a Prometheus outside Kubernetes. */
const labelVariable = ({ name, label, metric, ofLabel }: Variable): Json => {
  const definition = `label_values(${metric}, ${ofLabel})`;
  return {
    name,
    label,
    type: 'query',
    datasource: DATASOURCE,
    definition,
    query: { query: definition, refId: name },
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    allValue: '.*',
    hide: 0,
    regex: '',
    options: [],
    current: { text: ['All'], value: ['$__all'] },
  };
};

/** Places panels from left to right, wrapping at the last column. */
function layOut(rows: readonly Row[]): Json[] {
  const panels: Json[] = [];
  let y = 0;
  for (const row of rows) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title: row.title,
      collapsed: false,
      panels: [],
      gridPos: { x: 0, y, w: COLUMNS, h: 1 },
    });
    y++;
    let x = 0;
    let lineHeight = 0;
    for (const panel of row.panels) {
      const { width: w = DEFAULT_WIDTH, height: h = DEFAULT_HEIGHT } = panel;
      if (x + w > COLUMNS) {
        x = 0;
        y += lineHeight;
        lineHeight = 0;
      }
      panels.push(panelJson(panel, panels.length + 1, { x, y, w, h }));
      x += w;
      lineHeight = Math.max(lineHeight, h);
    }
    y += lineHeight;
  }
  return panels;
}

function panelJson(panel: Panel, id: number, gridPos: Place): Json {
  const { type, title, shows, act, queries } = panel;
  return {
    id,
    type,
    title,
    description: `${shows}\n\nWhat to do: ${act}`,
    gridPos,
    datasource: DATASOURCE,
    targets: queries.map((query, index) => target(query, index, panel)),
    fieldConfig: { defaults: fieldDefaults(panel), overrides: [] },
    options: options(panel),
    ...(type === 'table' && { transformations: [{ id: 'merge', options: {} }, tableColumns] }),
  };
}

/** Tables show current values, so the time column is hidden. */
const tableColumns = { id: 'organize', options: { excludeByName: { Time: true }, indexByName: {}, renameByName: {} } };

function target({ expr, legend }: Query, index: number, { type }: Panel): Json {
  return {
    refId: String.fromCharCode('A'.charCodeAt(0) + index),
    datasource: DATASOURCE,
    expr,
    editorMode: 'code',
    legendFormat: type === 'heatmap' ? '{{le}}' : (legend ?? '__auto'),
    format: type === 'heatmap' ? 'heatmap' : type === 'table' ? 'table' : 'time_series',
    ...(type === 'table' || type === 'bargauge' ? { instant: true, range: false } : { instant: false, range: true }),
  };
}

function fieldDefaults(panel: Panel): Json {
  const { type, unit, thresholds = [], base = 'green', decimals, minimum, maximum, words, stacked } = panel;
  return {
    unit,
    ...(decimals !== undefined && { decimals }),
    ...(minimum !== undefined && { min: minimum }),
    ...(maximum !== undefined && { max: maximum }),
    color: { mode: type === 'timeseries' ? 'palette-classic' : 'thresholds' },
    thresholds: { mode: 'absolute', steps: [{ color: base, value: null }, ...thresholds.map(step)] },
    ...(words && { mappings: [{ type: 'value', options: words }] }),
    custom:
      type === 'timeseries'
        ? {
            drawStyle: 'line',
            lineWidth: 1,
            fillOpacity: stacked ? 40 : 8,
            showPoints: 'never',
            spanNulls: false,
            stacking: { mode: stacked ? 'normal' : 'none', group: 'A' },
            thresholdsStyle: { mode: thresholds.length > 0 ? 'dashed' : 'off' },
          }
        : {},
  };
}

const step = ({ color, from }: Threshold): Json => ({ color, value: from });

function options({ type, unit }: Panel): Json {
  switch (type) {
    case 'timeseries':
      return {
        legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
        tooltip: { mode: 'multi', sort: 'desc' },
      };
    case 'stat':
      return { ...lastValue, colorMode: 'background', graphMode: 'area', textMode: 'auto', justifyMode: 'auto' };
    case 'bargauge':
      return { ...lastValue, displayMode: 'basic', orientation: 'horizontal', showUnfilled: true };
    case 'heatmap':
      return {
        calculate: false,
        cellGap: 1,
        color: { mode: 'scheme', scheme: 'Oranges', steps: 64, exponent: 0.5, reverse: false },
        yAxis: { unit, axisPlacement: 'left' },
        rowsFrame: { layout: 'auto' },
        tooltip: { mode: 'single', yHistogram: true },
        legend: { show: true },
      };
    case 'table':
      return { showHeader: true, cellHeight: 'sm' };
  }
}

const lastValue = { reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false } };
