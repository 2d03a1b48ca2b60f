// PromQL building blocks for panels.

/** Every query is restricted by the variables that all dashboards share. */
const SCOPE = 'namespace=~"$namespace",pod=~"$pod"';

/** A series by its name without the prefix, restricted to the selected namespace and pods. */
export const series = (name: string, labels = ''): string =>
  `millrace_${name}{${SCOPE}${labels === '' ? '' : `,${labels}`}}`;

/** A recorded series; recording rules have no pod label. */
export const recorded = (name: string, labels: string): string => `${name}{namespace=~"$namespace",${labels}}`;

const by = (labels: readonly string[]): string => (labels.length === 0 ? '' : ` by (${labels.join(', ')})`);

export const sum = (inner: string, ...labels: string[]): string => `sum${by(labels)} (${inner})`;
export const max = (inner: string, ...labels: string[]): string => `max${by(labels)} (${inner})`;

/** Per-second rate of a counter. */
export const rate = (name: string, labels = '', ...sumBy: string[]): string =>
  sum(`rate(${series(name, labels)}[$__rate_interval])`, ...sumBy);

/** `part` as a fraction of `all`; no value while `all` is 0. */
export const ratio = (part: string, all: string): string => `(${part}) / (${all} > 0)`;

export const quantile = (q: number, name: string, labels = '', ...sumBy: string[]): string =>
  `histogram_quantile(${q}, ${rate(`${name}_bucket`, labels, 'le', ...sumBy)})`;

/** For a heat map: the number of observations in each bucket. */
export const buckets = (name: string, labels = ''): string =>
  sum(`increase(${series(`${name}_bucket`, labels)}[$__rate_interval])`, 'le');

/** The 50th, 95th and 99th percentiles of a histogram, as three lines. */
export const spread = (name: string, labels = '') =>
  [0.5, 0.95, 0.99].map((q) => ({ expr: quantile(q, name, labels), legend: `p${q * 100}` }));
