// The panel model: the few options our dashboards need. `dashboard.ts` turns it into Grafana's JSON.

/** Units of Grafana that we use. */
export type Unit =
  | 'short'
  | 's'
  | 'bytes'
  | 'Bps'
  | 'bps'
  | 'percentunit'
  | 'reqps'
  | 'ops'
  | 'pps'
  | 'hertz'
  | 'dateTimeFromNow'
  | 'none';

export interface Threshold {
  readonly color: 'green' | 'yellow' | 'red';
  readonly from: number;
}

export interface Query {
  readonly expr: string;
  /** Legend of the series; may contain `{{label}}`. */
  readonly legend?: string;
}

export type PanelType = 'timeseries' | 'stat' | 'heatmap' | 'bargauge' | 'table';

export interface Panel {
  readonly type: PanelType;
  readonly title: string;
  /** What it shows, then what to do when it looks wrong. */
  readonly shows: string;
  readonly act: string;
  readonly unit: Unit;
  readonly queries: readonly Query[];
  /** The colour changes at these values. None: no value is wrong by itself. */
  readonly thresholds?: readonly Threshold[];
  /** Colour below the first threshold: red where low values are bad. */
  readonly base?: 'green' | 'red';
  /** Of 24 columns. */
  readonly width?: number;
  readonly height?: number;
  readonly stacked?: boolean;
  /** Value mappings: the text and color shown instead of a number. */
  readonly words?: Readonly<Record<string, { readonly text: string; readonly color: string }>>;
  readonly decimals?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** A dashboard variable in addition to the common ones. */
export interface Variable {
  readonly name: string;
  readonly label: string;
  /** A metric and one of its labels: the values that can be chosen. */
  readonly metric: string;
  readonly ofLabel: string;
}

export interface Dashboard {
  /** Never changes: links and bookmarks contain it. */
  readonly uid: string;
  readonly file: string;
  readonly title: string;
  readonly description: string;
  readonly rows: readonly Row[];
  readonly variables?: readonly Variable[];
}

type Rest = Omit<Panel, 'type' | 'title' | 'shows' | 'act' | 'unit' | 'queries'>;
type Make = (
  title: string,
  words: { readonly shows: string; readonly act: string },
  unit: Unit,
  queries: string | readonly Query[],
  rest?: Rest,
) => Panel;

const maker =
  (type: PanelType): Make =>
  (title, words, unit, queries, rest = {}) => ({
    type,
    title,
    ...words,
    unit,
    queries: typeof queries === 'string' ? [{ expr: queries }] : queries,
    ...rest,
  });

export const timeseries = maker('timeseries');
export const stat = maker('stat');
export const heatmap = maker('heatmap');
export const bargauge = maker('bargauge');
export const table = maker('table');
