// How numbers and times are written.

const UNITS: readonly (readonly [unit: Intl.RelativeTimeFormatUnit, seconds: number])[] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const absolute = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });

/** “3 minutes ago”, “in 2 hours”. */
export function formatRelative(atMs: number, nowMs: number): string {
  const seconds = Math.round((atMs - nowMs) / 1_000);
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1];
  if (unit === 'second') return Math.abs(seconds) < 10 ? 'just now' : relative.format(seconds, 'second');
  return relative.format(Math.trunc(seconds / size), unit);
}

export const formatTime = (time: string): string => absolute.format(new Date(time));

/** “1 h 04 min”, “3 min 20 s”. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  const two = (value: number): string => String(value).padStart(2, '0');
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  return `${Math.floor(seconds / 3_600)} h ${two(Math.floor((seconds % 3_600) / 60))} min`;
}

const SPANS: readonly (readonly [unit: string, seconds: number])[] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

/** “30 days”, “90 minutes”: in the largest unit that writes it without a fraction. */
export function formatSpan(seconds: number): string {
  const [unit, size] = SPANS.find(([, length]) => seconds > 0 && seconds % length === 0) ?? ['second', 1];
  const count = Math.round(seconds / size);
  return `${formatCount(count)} ${unit}${count === 1 ? '' : 's'}`;
}

/** “4.2 Mbit/s”. */
export function formatBitrate(bitsPerSecond: number): string {
  if (bitsPerSecond >= 1_000_000) return `${(bitsPerSecond / 1_000_000).toFixed(1)} Mbit/s`;
  return `${Math.round(bitsPerSecond / 1_000)} kbit/s`;
}

const BYTE_UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** “1.2 GB”, in powers of 1000. */
export function formatBytes(bytes: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), BYTE_UNITS.length - 1);
  const value = bytes / 1_000 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${BYTE_UNITS[power] ?? ''}`;
}

export const formatCount = (count: number): string => count.toLocaleString('en');
