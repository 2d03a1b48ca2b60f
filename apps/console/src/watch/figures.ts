// The figures under the picture.

/** Beyond this the viewer's clock and the server's do not agree, and the figure would be wrong rather than large. */
const LARGEST_BELIEVABLE_LATENCY_S = 300;

/**
 * How far behind the encoder the picture is, in seconds.
 * @param playingAtMs the wall-clock time of the picture by EXT-X-PROGRAM-DATE-TIME, if known
 * @param behindEdgeS the player's own idea: the distance to the end of the playlist
 */
export function latencySeconds(
  nowMs: number,
  playingAtMs: number | undefined,
  behindEdgeS: number | undefined,
): number | undefined {
  if (playingAtMs !== undefined) {
    const seconds = (nowMs - playingAtMs) / 1000;
    if (seconds >= 0 && seconds <= LARGEST_BELIEVABLE_LATENCY_S) return seconds;
  }
  return behindEdgeS !== undefined && Number.isFinite(behindEdgeS) && behindEdgeS > 0 ? behindEdgeS : undefined;
}

/** How much is loaded ahead of `currentTime`, in seconds. @param ranges start and end of each loaded range */
export function bufferSeconds(currentTime: number, ranges: readonly (readonly [number, number])[]): number {
  const range = ranges.find(([start, end]) => start <= currentTime + 0.1 && currentTime <= end);
  return range === undefined ? 0 : Math.max(0, range[1] - currentTime);
}

export const formatSeconds = (seconds: number | undefined): string =>
  seconds === undefined ? '–' : `${seconds.toFixed(1)} s`;
