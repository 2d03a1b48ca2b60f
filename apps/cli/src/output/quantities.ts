// Numbers with their units.

/** @returns undefined for undefined, so that a table shows that there is none */
export function bitrate(bitsPerSecond: number | undefined): string | undefined {
  if (bitsPerSecond === undefined) return undefined;
  return bitsPerSecond >= 1_000_000
    ? `${(bitsPerSecond / 1_000_000).toFixed(2)} Mbit/s`
    : `${Math.round(bitsPerSecond / 1_000)} kbit/s`;
}

/** In powers of 1000, as networks count. */
export function byteSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  return `${(bytes / 1_000 ** power).toFixed(power === 0 ? 0 : 2)} ${units[power]}`;
}

export const keyframeInterval = (seconds: number | null | undefined): string | undefined =>
  typeof seconds === 'number' ? `every ${seconds} s` : undefined;

/** `75` → `1:15`. */
export function clockTime(seconds: number): string {
  const whole = Math.floor(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3_600), Math.floor((whole % 3_600) / 60), whole % 60];
  const tail = `${String(minutes).padStart(hours > 0 ? 2 : 1, '0')}:${String(rest).padStart(2, '0')}`;
  return hours > 0 ? `${hours}:${tail}` : tail;
}
