// Names and labels of all metrics, and whether panels and rules look at all of them and at nothing else.
import { describe, expect, it } from 'vitest';
import { metricCatalogue } from './metric-catalogue.ts';
import { isProcessMetric, metricOf, panelExpressions, ruleExpressions, seriesNames } from './used-metrics.ts';

/** Each of these has few values, of our own making; `route` is a pattern of an address. */
const LABELS = new Set([
  'check',
  'code',
  'component',
  'direction',
  'from',
  'kind',
  'limit',
  'method',
  'node',
  'op',
  'outcome',
  'protocol',
  'reason',
  'route',
  'shard',
  'state',
  'status',
  'subject',
  'transport',
  'type',
  'version',
]);
/** A label of its own for each tenant, up to a limit. */
const OF_TENANTS = /^millrace_tenant_/;

const catalogue = metricCatalogue();
const histograms = new Set(catalogue.filter(({ type }) => type === 'histogram').map(({ name }) => name));
const exported = new Set(catalogue.map(({ name }) => name));
const used = [...panelExpressions(), ...ruleExpressions()];

describe('metrics', () => {
  it('have names by the rules of Prometheus', () => {
    for (const { name, type } of catalogue) {
      expect(name).toMatch(/^millrace_[a-z][a-z_]*[a-z]$/);
      if (type === 'counter') expect(name).toMatch(/_total$/);
      else expect(name).not.toMatch(/_total$/);
      if (type === 'histogram') expect(name).toMatch(/_(seconds|bits_per_second)$/);
      expect(name).not.toMatch(/_(ms|milliseconds|kb|mb|percent)(_|$)/);
    }
  });

  it('say what they are in one sentence', () => {
    for (const { name, help } of catalogue) expect(help, name).toMatch(/^[A-Z0-9].*[.]$/);
  });

  it('have bounded labels only', () => {
    for (const { name, labels } of catalogue)
      for (const label of labels)
        if (label !== 'tenant' || !OF_TENANTS.test(name)) expect(LABELS, name).toContain(label);
  });

  it('are each looked at by a panel or a rule', () => {
    const seen = new Set(used.flatMap(({ expr }) => seriesNames(expr)).map((series) => metricOf(series, histograms)));
    expect([...exported].filter((name) => !seen.has(name))).toEqual([]);
  });

  it('are all that panels and rules look at', () => {
    const unknown = used.flatMap(({ where, expr }) =>
      seriesNames(expr)
        .filter((series) => !isProcessMetric(series) && !exported.has(metricOf(series, histograms)))
        .map((series) => `${where}: ${series}`),
    );
    expect(unknown).toEqual([]);
  });
});
