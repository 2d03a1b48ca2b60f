// The PromQL that panels repeat.

/** Every query is bounded by the variables that all dashboards have. */
const SCOPE = 'namespace=~"$namespace",pod=~"$pod"';

/** A series by its name without the prefix, within what was chosen on the dashboard. */
export const series = (name: string, labels = ''): string =>
  `millrace_${name}{${SCOPE}${labels === '' ? '' : `,${labels}`}}`;

/** What a recording rule has, which knows no pod. */
export const recorded = (name: string, labels: string): string => `${name}{namespace=~"$namespace",${labels}}`;

const by = (labels: readonly string[]): string => (labels.length === 0 ? '' : ` by (${labels.join(', ')})`);

export const sum = (inner: string, ...labels: string[]): string => `sum${by(labels)} (${inner})`;
export const max = (inner: string, ...labels: string[]): string => `max${by(labels)} (${inner})`;

/** How fast a counter grows. */
export const rate = (name: string, labels = '', ...sumBy: string[]): string =>
  sum(`rate(${series(name, labels)}[$__rate_interval])`, ...sumBy);

/** A part of all: nothing while there is none of all. */
export const ratio = (part: string, all: string): string => `(${part}) / (${all} > 0)`;

export const quantile = (q: number, name: string, labels = '', ...sumBy: string[]): string =>
  `histogram_quantile(${q}, ${rate(`${name}_bucket`, labels, 'le', ...sumBy)})`;

/** For a heat map: how many observations fell into each bucket. */
export const buckets = (name: string, labels = ''): string =>
  sum(`increase(${series(`${name}_bucket`, labels)}[$__rate_interval])`, 'le');

/** The middle, the slow and the slowest of a histogram, as three lines. */
export const spread = (name: string, labels = '') =>
  [0.5, 0.95, 0.99].map((q) => ({ expr: quantile(q, name, labels), legend: `p${q * 100}` }));
