// By what a source is pulled, as its address says: values of `TakeSources.protocols`.

/** Addresses of the web say by the end of their path what is behind them. */
const BY_ENDING: readonly (readonly [RegExp, string])[] = [
  [/\.flv$/i, 'http-flv'],
  [/\.m3u8?$/i, 'hls'],
];

/** Schemes that stand for one protocol. */
const SCHEMES: ReadonlySet<string> = new Set(['rtsp', 'rtsps', 'rtmp', 'rtmps', 'srt']);

/** @returns undefined for an address that no edge can pull */
export function sourceProtocolOf({ protocol, pathname }: Pick<URL, 'protocol' | 'pathname'>): string | undefined {
  const scheme = protocol.slice(0, -1);
  if (SCHEMES.has(scheme)) return scheme;
  if (scheme !== 'http' && scheme !== 'https') return undefined;
  return BY_ENDING.find(([ending]) => ending.test(pathname))?.[1];
}
