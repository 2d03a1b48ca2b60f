// Which metrics panels and rules look at.
import { ALL_DASHBOARDS, RULE_FILES } from './files.ts';

/** Of the process itself: prom-client's own, which are there with every service. */
export const isProcessMetric = (name: string): boolean => /^millrace_(nodejs|process)_/.test(name);

/** What a histogram is called in an expression. */
const PARTS = /_(bucket|count|sum)$/;

/** Every expression of every panel, with its location. */
export function panelExpressions(): { where: string; expr: string }[] {
  return ALL_DASHBOARDS.flatMap(({ title, rows, variables = [] }) => [
    ...rows.flatMap(({ panels }) =>
      panels.flatMap((panel) => panel.queries.map(({ expr }) => ({ where: `${title}: ${panel.title}`, expr }))),
    ),
    ...variables.map(({ name, metric }) => ({ where: `${title}: variable ${name}`, expr: metric })),
  ]);
}

/** Every expression of every rule. */
export function ruleExpressions(): { where: string; expr: string }[] {
  return Object.values(RULE_FILES).flatMap((groups) =>
    groups.flatMap(({ rules }) =>
      rules.map((rule) => ({ where: 'alert' in rule ? rule.alert : rule.record, expr: rule.expr })),
    ),
  );
}

/** Names of ours in an expression, as it names them: with `_bucket` and the like. What rules record begins with `slo:`. */
export const seriesNames = (expr: string): string[] => expr.match(/(?<![\w:])millrace_[a-z0-9_]+/g) ?? [];

/** The metric that a series belongs to. */
export function metricOf(series: string, histograms: ReadonlySet<string>): string {
  const base = series.replace(PARTS, '');
  return histograms.has(base) ? base : series;
}
