// The last look at a log line before it leaves: no secret, no control character, no endless line.

/** A line is at most this long, with its line break. */
export const MAX_LOG_LINE_BYTES = 4_096;
/** How many characters stay of each text when a line is too long; also fully escaped (six bytes each) they fit a line. */
const KEPT_TEXT_LENGTH = 64;
const KEPT_MESSAGE_LENGTH = 160;
const KEPT_FIELDS = ['level', 'time', 'service', 'tenant_id', 'stream_id', 'session_id'];

/** Millrace's own secrets, passwords in addresses, and secrets in queries. Each in time linear in the line. */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/\bmr_(st|sk|op|sg)_[A-Za-z0-9]+/g, 'mr_$1_[redacted]'],
  [/:\/\/[^\s"\\/@]*@/g, '://[redacted]@'],
  [/([?&](?:key|token|secret|password|auth)=)[^\s"\\&]+/gi, '$1[redacted]'],
];

/** What JSON leaves as it is, but terminals and log viewers obey: DEL, C1 controls, line separators, bidirectional marks. */
const UNESCAPED_CONTROLS = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

const escapeCharacter = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

const escapeControls = (json: string) => json.replace(UNESCAPED_CONTROLS, escapeCharacter);

/** Takes out what looks like a secret. */
export function redactSecrets(text: string): string {
  for (const [pattern, replacement] of SECRETS) text = text.replace(pattern, replacement);
  return text;
}

const cut = (text: string, length: number) => text.slice(0, length).toWellFormed();

/** Keeps who, what and the beginning of the message of a line that is too long. */
function shorten(line: string): string {
  const whole = JSON.parse(line) as Record<string, unknown>;
  const kept: Record<string, unknown> = {};
  for (const field of KEPT_FIELDS) {
    const value = whole[field];
    if (typeof value === 'string') kept[field] = cut(value, KEPT_TEXT_LENGTH);
    else if (typeof value === 'number') kept[field] = value;
  }
  if (typeof whole['msg'] === 'string') kept['msg'] = cut(whole['msg'], KEPT_MESSAGE_LENGTH);
  const fault = whole['err'];
  if (typeof fault === 'object' && fault !== null && 'message' in fault && typeof fault.message === 'string')
    kept['error'] = cut(fault.message, KEPT_MESSAGE_LENGTH);
  kept['truncated_from_bytes'] = Buffer.byteLength(line);
  return JSON.stringify(kept);
}

/**
 * Makes a JSON log line fit to be written.
 *
 * @param line one record as JSON, with or without its line break
 * @returns the line without secrets, printable, at most `MAX_LOG_LINE_BYTES` with its line break
 */
export function guardLine(line: string): string {
  const safe = escapeControls(redactSecrets(line.trimEnd()));
  const fits = Buffer.byteLength(safe) < MAX_LOG_LINE_BYTES;
  return `${fits ? safe : escapeControls(shorten(safe))}\n`;
}
