// Prometheus rules in the file format; the chart wraps them into a PrometheusRule.

export type Severity =
  /** Needs attention now. */
  | 'page'
  /** Needs attention within the next working days. */
  | 'ticket'
  /** Worth knowing. */
  | 'info';

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: { readonly severity: Severity; readonly team: 'millrace' } & Readonly<Record<string, string>>;
  readonly annotations: {
    readonly summary: string;
    readonly description: string;
    readonly runbook_url: string;
  };
}

export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly (RecordingRule | AlertRule)[];
}

/** Runbooks are in this repository, so they match the version that is running. */
export const runbookUrl = (alert: string): string => `docs/runbooks/${alert}.md`;

export const isAlert = (rule: RecordingRule | AlertRule): rule is AlertRule => 'alert' in rule;
