// Structured logs: one JSON object a line, to standard output.
import { pino } from 'pino';
import { guardLine } from './guard-line.ts';
import { prettyLine } from './pretty-line.ts';

/** A logger; `child({ tenant_id, stream_id, session_id })` makes one whose lines carry these. */
export type Logger = pino.Logger;

export interface LogDestination {
  write(line: string): void;
}

export interface LoggerOptions {
  /** Which service writes; a field of every line. */
  readonly service: string;
  /** The least level that is written. */
  readonly level: string;
  /** For people rather than machines. */
  readonly pretty?: boolean;
  /** Whether pretty lines have colours; when not given, they do on a terminal that shows them (and without NO_COLOR). */
  readonly colours?: boolean;
  /** Where lines go; standard output when not given. */
  readonly destination?: LogDestination;
}

/** How many bytes of lines wait for a reader that does not keep up; what comes beyond is dropped, the service goes on. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

/** Fields that hold secrets by their name, anywhere at the first two levels. */
const SECRET_FIELDS = [
  'key',
  'streamKey',
  'stream_key',
  'apiKey',
  'api_key',
  'password',
  'secret',
  'token',
  'authorization',
];

/**
 * Makes a logger. No line holds a secret (by field name and by form), a raw control character, or more than
 * `MAX_LOG_LINE_BYTES` bytes.
 */
export function createLogger(options: LoggerOptions): Logger {
  const out = options.destination ?? pino.destination({ dest: 1, sync: false, maxLength: MAX_WAITING_BYTES });
  const colours = options.colours ?? (options.destination === undefined && terminalHasColours());
  const format = options.pretty === true ? (line: string) => prettyLine(guardLine(line), colours) : guardLine;
  return pino(
    {
      level: options.level,
      base: { service: options.service },
      redact: {
        paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
        censor: '[redacted]',
      },
    },
    { write: (line: string) => void out.write(format(line)) },
  );
}

/** Node.js looks at TERM and NO_COLOR. */
const terminalHasColours = () => process.stdout.isTTY && process.stdout.hasColors();
