// Recording rules for the objectives, and burn-rate alerts on their error budgets.
import type { AlertRule, RecordingRule, RuleGroup } from './rule.ts';
import { runbookUrl } from './rule.ts';
import { BURNS, SLOS, WINDOWS } from './slos.ts';
import type { Slo } from './slos.ts';

const RATIO = 'slo:millrace_error_ratio:rate';
const EVENTS = 'slo:millrace_events:increase';
const SECONDS: Readonly<Record<string, number>> = { '5m': 300, '30m': 1_800, '1h': 3_600, '6h': 21_600, '3d': 259_200 };

function recordings({ id, all, bad }: Slo): RecordingRule[] {
  return WINDOWS.flatMap((window) => [
    {
      record: `${RATIO}${window}`,
      // Before the first failure, the series that count failures may not exist.
      expr: `clamp_min((${bad(window)}) or 0 * (${all(window)}), 0) / ((${all(window)}) > 0)`,
      labels: { slo: id },
    },
    { record: `${EVENTS}${window}`, expr: `(${all(window)}) * ${SECONDS[window]}`, labels: { slo: id } },
  ]);
}

function alerts({ id, alert, title, promise, objective, minimumEvents, look }: Slo): AlertRule[] {
  const budget = 1 - objective;
  return BURNS.map(({ severity, factor, long, short, for: wait }) => {
    const limit = Number((factor * budget).toFixed(6));
    return {
      alert,
      expr:
        `${RATIO}${long}{slo="${id}"} > ${limit} and ${RATIO}${short}{slo="${id}"} > ${limit} ` +
        `and ${EVENTS}${long}{slo="${id}"} >= ${minimumEvents}`,
      for: wait,
      labels: { severity, team: 'millrace', slo: id, window: long },
      annotations: {
        summary: `${title}: {{ $value | humanizePercentage }} failed in the last ${long}.`,
        description:
          `Objective: ${promise}, ${objective * 100} % of the time. At this rate, the 30-day error budget is ` +
          `used up in ${thirtyDaysOver(factor)}. Start with ${look}.`,
        runbook_url: runbookUrl(alert),
      },
    };
  });
}

const thirtyDaysOver = (factor: number): string =>
  factor > 1 ? `${Math.round((30 / factor) * 10) / 10} days` : '30 days';

export const sloRecordings: RuleGroup = { name: 'millrace-slo', rules: SLOS.flatMap(recordings) };
export const sloAlerts: RuleGroup = { name: 'millrace-slo-burn', rules: SLOS.flatMap(alerts) };
