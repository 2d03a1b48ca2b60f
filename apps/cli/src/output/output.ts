// What commands write: objects as JSON or for people, colours where a terminal shows them.
import type { CliCall, CliEnvironment, TextSink } from '../command-line/command.ts';
import { printableJson } from './printable.ts';
import { formatFields, formatTable } from './table.ts';
import type { TableColumn } from './table.ts';

const STYLES = { bold: '1', dim: '2', red: '31', green: '32', yellow: '33' } as const;
export type TextStyle = keyof typeof STYLES;

/** NO_COLOR (no-color.org): "when present and not an empty string, prevents the addition of ANSI color". */
export const hasColours = (sink: TextSink, { variables }: CliEnvironment): boolean =>
  sink.isTTY === true && !variables['NO_COLOR'] && variables['TERM'] !== 'dumb';

export function styled(text: string, style: TextStyle, sink: TextSink, environment: CliEnvironment): string {
  return hasColours(sink, environment) ? `\u001b[${STYLES[style]}m${text}\u001b[0m` : text;
}

export const writeLine = (sink: TextSink, line: string): void => void sink.write(`${line}\n`);

export function writeJson(call: CliCall, value: unknown, indent?: 2): void {
  writeLine(call.environment.stdout, printableJson(value, indent));
}

/** What the API answered, as it is; or as a table. */
export function writeList<Row>(
  call: CliCall,
  page: { readonly data: readonly Row[]; readonly has_more: boolean },
  columns: readonly TableColumn<Row>[],
): void {
  const { stdout, stderr } = call.environment;
  if (call.json) {
    writeJson(call, page, 2);
    return;
  }
  const width = stdout.isTTY === true ? (stdout.columns ?? 80) : Number.POSITIVE_INFINITY;
  const [heading = '', ...lines] = formatTable(page.data, columns, width);
  if (page.data.length > 0) writeLine(stdout, styled(heading, 'bold', stdout, call.environment));
  for (const line of lines) writeLine(stdout, line);
  if (page.data.length === 0) writeLine(stderr, 'None.');
  if (page.has_more) writeLine(stderr, 'There are more: use --limit or --all.');
}

/** One object of the API, as it is; or as a list of names and values. */
export function writeObject(
  call: CliCall,
  object: unknown,
  fields: readonly (readonly [string, string | number | null | undefined])[],
): void {
  if (call.json) writeJson(call, object, 2);
  else for (const line of formatFields(fields)) writeLine(call.environment.stdout, line);
}

/** What was done, for people; JSON has the object itself instead. */
export function writeDone(call: CliCall, line: string): void {
  if (!call.json) writeLine(call.environment.stdout, line);
}
