/** One number of one server; several runs give several. */
export interface Result {
  readonly figure: string;
  readonly title: string;
  readonly unit: string;
  readonly server: string;
  readonly value: number;
  /** Processor time that the hypervisor gave to others meanwhile, in percent of the machine: a run above 10 is doubtful. */
  readonly stealPercent: number;
}

/** A figure that could not be measured. */
export interface Failure {
  readonly figure: string;
  readonly server: string;
  readonly reason: string;
}

export interface Report {
  readonly at: string;
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly results: readonly Result[];
  /** Of this run; reports of earlier releases have none. */
  readonly failures?: readonly Failure[];
}

/** What the runs of one server gave. */
export interface Summary {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

export interface Row {
  readonly figure: string;
  readonly title: string;
  readonly unit: string;
  readonly byServer: ReadonlyMap<string, Summary>;
}

export function rowsOf(results: readonly Result[]): Row[] {
  const rows = new Map<string, { first: Result; values: Map<string, number[]> }>();
  for (const result of results) {
    const row = rows.get(result.figure) ?? { first: result, values: new Map<string, number[]>() };
    row.values.set(result.server, [...(row.values.get(result.server) ?? []), result.value]);
    rows.set(result.figure, row);
  }
  return [...rows.values()].map(({ first, values }) => ({
    figure: first.figure,
    title: first.title,
    unit: first.unit,
    byServer: new Map([...values].map(([server, list]) => [server, summaryOf(list)])),
  }));
}

const summaryOf = (values: readonly number[]): Summary => ({
  median: median(values),
  lowest: Math.min(...values),
  highest: Math.max(...values),
});

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
