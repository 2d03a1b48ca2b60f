import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { CHART, RUNBOOKS } from '../../paths.ts';
import { RULE_FILES, ruleFile } from '../files.ts';
import { promtool } from './promtool.ts';
import { isAlert } from './rule.ts';
import type { AlertRule, RecordingRule } from './rule.ts';
import { CAUSE_CASES, sloCases } from './rule-cases.ts';
import type { RuleCase } from './rule-cases.ts';
import { scaling } from './scaling.ts';
import { SLOS } from './slos.ts';

const files = Object.keys(RULE_FILES).map(ruleFile);
const alerts: AlertRule[] = Object.values(RULE_FILES).flatMap((groups) =>
  groups.flatMap(({ rules }) => rules.filter(isAlert)),
);
const names = [...new Set(alerts.map(({ alert }) => alert))];
const sloCasesOfAll = sloCases(Object.fromEntries(SLOS.map(({ alert, objective }) => [alert, 1 - objective])));

describe('rules', () => {
  it('are rules to promtool', async () => {
    expect(await promtool('check', 'rules', ...files)).not.toContain('FAILED');
  });

  it.each(alerts)(
    '$alert ($labels.severity) has a summary, a description, a runbook and a name in CamelCase',
    (rule) => {
      expect(rule.alert).toMatch(/^([A-Z][a-z]+)+$/);
      expect(rule.annotations.summary).toMatch(/^.{10,}\.$/);
      expect(rule.annotations.description).toMatch(/^[A-Z].{20,}\.$/);
      expect(rule.annotations.runbook_url).toBe(`docs/runbooks/${rule.alert}.md`);
      expect(rule.for).toMatch(/^\d+[mh]$/);
    },
  );

  it('have one page each, and no page is left over', () => {
    const pages = readdirSync(RUNBOOKS).filter((name) => name !== 'README.md');
    expect(pages.sort()).toEqual(names.map((name) => `${name}.md`).sort());
  });

  it.each(names)('%s: its page says what it means, how to see it and what to do', (name) => {
    const page = readFileSync(join(RUNBOOKS, `${name}.md`), 'utf8');
    expect(page).toMatch(new RegExp(`^# ${name}\n`));
    for (const heading of ['What it means', 'How to see it', 'What to do']) expect(page).toContain(`\n## ${heading}\n`);
    expect(page.length).toBeGreaterThan(500);
  });
});

describe('alerts, by promtool', () => {
  let folder: string;
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'millrace-rules-'))));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('have a case for each of them', () => {
    const tested = new Set(
      [...CAUSE_CASES, ...sloCasesOfAll].map(({ alert, labels = {} }) => JSON.stringify([alert, labels])),
    );
    for (const { alert, labels } of alerts) {
      const several = alerts.filter((other) => other.alert === alert).length > 1;
      const own = labels['window'] === undefined ? { severity: labels.severity } : { window: labels['window'] };
      expect(tested).toContain(JSON.stringify([alert, several ? own : {}]));
    }
  });

  it.each([
    { rules: 'causes.rules.yaml', every: '1m', cases: CAUSE_CASES },
    // Hours of series: looked at less often, or it takes minutes.
    { rules: 'slo.rules.yaml', every: '5m', cases: sloCasesOfAll },
  ])('fire when something is wrong, and do not when it is right: $rules', async ({ rules, every, cases }) => {
    const file = join(folder, 'cases.yaml');
    const tests = testsOf(cases);
    writeFileSync(file, stringify({ rule_files: [ruleFile(rules)], evaluation_interval: every, tests }));
    expect(await promtool('test', 'rules', file)).toContain('SUCCESS');
  });
});

describe('what scales the gateway', () => {
  it('is the requests of a pod in a second, of viewers and by REST', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-rules-'));
    const pod = 'namespace="n",pod="gateway-1"';
    const file = join(folder, 'cases.yaml');
    const test = {
      interval: '1m',
      input_series: [
        { series: `millrace_playback_requests_total{${pod},kind="media"}`, values: '0+600x10' },
        { series: `millrace_playback_requests_total{${pod},kind="segment"}`, values: '0+300x10' },
        { series: `millrace_api_requests_total{${pod}}`, values: '0+60x10' },
      ],
      promql_expr_test: [
        {
          expr: 'millrace_requests_per_second',
          eval_time: '10m',
          exp_samples: [{ labels: `millrace_requests_per_second{${pod}}`, value: 16 }],
        },
      ],
    };
    writeFileSync(file, stringify({ rule_files: [ruleFile('scaling.rules.yaml')], tests: [test] }));
    expect(await promtool('test', 'rules', file)).toContain('SUCCESS');
    rmSync(folder, { recursive: true });
  });

  it('is what the chart asks for', () => {
    const services = readFileSync(join(CHART, 'services.yaml'), 'utf8');
    expect(services).toContain(`metric: ${(scaling.rules[0] as RecordingRule).record}\n`);
  });
});

/** Cases of one time share a test: no two of them have a series in common, and each test makes a database. */
function testsOf(cases: readonly RuleCase[]): object[] {
  const groups = Map.groupBy(cases, ({ at, labels = {} }) => JSON.stringify([at, labels]));
  return [...groups.values()].flatMap((group) => [
    testOf(
      group,
      'fires',
      ({ series }) => series,
      ({ alert }) => [{ labels: `{alertname="${alert}"}`, value: 1 }],
    ),
    testOf(
      group,
      'is quiet',
      ({ series, right }) => ({ ...series, ...right }),
      () => [],
    ),
  ]);
}

function testOf(
  group: readonly RuleCase[],
  name: string,
  seriesOf: (each: RuleCase) => Readonly<Record<string, string>>,
  samplesOf: (each: RuleCase) => object[],
): object {
  const all = group.flatMap((each) => Object.entries(seriesOf(each)));
  if (new Set(all.map(([series]) => series)).size !== all.length)
    throw new Error(`${name}: a series appears in two cases`);
  return {
    name: `${group.map(({ alert }) => alert).join(', ')}: ${name}`,
    interval: '1m',
    input_series: all.map(([series, values]) => ({ series, values })),
    promql_expr_test: group.map((each) => ({
      expr: firing(each),
      eval_time: each.at,
      exp_samples: samplesOf(each),
    })),
  };
}

function firing({ alert, labels = {} }: RuleCase): string {
  const wanted = Object.entries({ alertname: alert, alertstate: 'firing', ...labels });
  return `count by (alertname) (ALERTS{${wanted.map(([name, value]) => `${name}="${value}"`).join(',')}})`;
}
