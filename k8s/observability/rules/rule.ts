// Rules as Prometheus reads them from a file, which the chart wraps into a PrometheusRule.

export type Severity =
  /** Somebody must look now. */
  | 'page'
  /** Somebody must look in the next working days. */
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

/** Where the pages are: in this repository, beside the version that runs. */
export const runbookUrl = (alert: string): string => `docs/runbooks/${alert}.md`;

export const isAlert = (rule: RecordingRule | AlertRule): rule is AlertRule => 'alert' in rule;
