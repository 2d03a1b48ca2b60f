// Log lines for people at a terminal: time, level, message, then the fields; the level in colour, the fields dim.
const LEVELS: Readonly<Record<string, string>> = {
  10: 'TRACE',
  20: 'DEBUG',
  30: 'INFO ',
  40: 'WARN ',
  50: 'ERROR',
  60: 'FATAL',
};
/** Select Graphic Rendition (ECMA-48 section 8.3.117) by level. */
const COLOURS: Readonly<Record<string, string>> = { 10: '2', 20: '2', 30: '32', 40: '33', 50: '31', 60: '1;31' };
const DIM = '2';
const NOT_SHOWN = new Set(['level', 'time', 'msg', 'pid', 'hostname', 'err']);
const CONTROLS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Shows control characters as escapes, so that nothing a peer chose moves the cursor or begins a line. */
const printable = (text: string) =>
  text.replace(CONTROLS, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);

const show = (value: unknown) => printable(typeof value === 'string' ? value : JSON.stringify(value));

function stackOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  const text = 'stack' in error ? error.stack : 'message' in error ? error.message : '';
  if (typeof text !== 'string') return '';
  return text
    .split('\n')
    .map((line) => `\n    ${printable(line.trim())}`)
    .join('');
}

/**
 * Formats a JSON log line for people.
 *
 * @param line one guarded record as JSON
 * @param colours whether the terminal shows them
 * @returns one line, more of them only for the stack of an error
 */
export function prettyLine(line: string, colours = false): string {
  const record = JSON.parse(line) as Record<string, unknown>;
  const time = new Date(Number(record['time'])).toISOString().slice(11, 23);
  const paint = (text: string, code: string) => (colours && text !== '' ? `\u001b[${code}m${text}\u001b[0m` : text);
  const level = String(record['level']);
  const fields = Object.entries(record).filter(([name]) => !NOT_SHOWN.has(name));
  const shown = fields.map(([name, value]) => ` ${printable(name)}=${show(value)}`).join('');
  const name = paint(LEVELS[level] ?? 'INFO ', COLOURS[level] ?? DIM);
  return `${paint(time, DIM)} ${name} ${show(record['msg'] ?? '')}${paint(shown, DIM)}${stackOf(record['err'])}\n`;
}
