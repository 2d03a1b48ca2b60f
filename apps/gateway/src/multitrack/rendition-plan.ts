// Which renditions an encoder should make of a picture: as many as fit into a bitrate, the best one first.

export interface FrameRate {
  readonly numerator: number;
  readonly denominator: number;
}

/** What the encoder composes. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly framerate: FrameRate;
}

export interface RenditionLimits {
  readonly maxTracks: number;
  /** Of the shorter side, in pixels, so that it holds for upright pictures too. */
  readonly maxHeight: number;
  /** Of all video tracks together. */
  readonly maxKbps: number;
}

export interface PlannedRendition {
  readonly width: number;
  readonly height: number;
  readonly framerate: FrameRate;
  readonly kbps: number;
}

/** The usual sizes, by the shorter side. The first rendition has the size of the picture, where it may. */
const HEIGHTS = [1440, 1080, 720, 480, 360, 240];
/** A rendition that is hardly smaller than the one above it brings viewers nothing. */
const MAX_RATIO = 0.75;
/** Up to this height a rendition has half the frame rate, where that is high: it is for slow networks and small screens. */
const HALF_RATE_HEIGHT = 480;
const HIGH_FRAME_RATE = 30;

/** H.264 of camera pictures looks good at this bitrate; larger and faster pictures need less for each pixel. */
const REFERENCE = { kbps: 5_000, pixels: 1_920 * 1_080 };
const PIXELS_EXPONENT = 0.8;
const FRAME_RATE_EXPONENT = 0.6;
const KBPS_STEP = 50;

/**
 * The renditions, the largest first. There is at least one, with less than the usual bitrate where the limit asks for it.
 *
 * @param limits each at least 1
 */
export function planRenditions(canvas: Canvas, { maxTracks, maxHeight, maxKbps }: RenditionLimits): PlannedRendition[] {
  const all = heightsFor(canvas, maxHeight).map((height) => renditionOf(canvas, height));
  const top = all.find(({ kbps }) => kbps <= maxKbps);
  if (top === undefined) return all.slice(-1).map((smallest) => ({ ...smallest, kbps: maxKbps }));
  const chosen = [top];
  let left = maxKbps - top.kbps;
  for (const rendition of all.slice(all.indexOf(top) + 1)) {
    if (chosen.length >= maxTracks || rendition.kbps > left) break;
    chosen.push(rendition);
    left -= rendition.kbps;
  }
  return chosen;
}

function heightsFor({ width, height }: Canvas, maxHeight: number): number[] {
  const heights = [Math.min(width, height, maxHeight)];
  for (const next of HEIGHTS) if (next <= MAX_RATIO * (heights.at(-1) ?? 0)) heights.push(next);
  return heights;
}

function renditionOf(canvas: Canvas, shorterSide: number): PlannedRendition {
  const scale = shorterSide / Math.min(canvas.width, canvas.height);
  const size = { width: even(canvas.width * scale), height: even(canvas.height * scale) };
  const { numerator, denominator } = canvas.framerate;
  const isHalved = shorterSide <= HALF_RATE_HEIGHT && numerator / denominator > HIGH_FRAME_RATE;
  const framerate = isHalved ? { numerator, denominator: 2 * denominator } : canvas.framerate;
  return { ...size, framerate, kbps: usualKbps(size.width * size.height, framerate) };
}

/** Chroma is subsampled: both sides are even. */
const even = (pixels: number): number => Math.max(2, 2 * Math.round(pixels / 2));

function usualKbps(pixels: number, { numerator, denominator }: FrameRate): number {
  const forPixels = REFERENCE.kbps * (pixels / REFERENCE.pixels) ** PIXELS_EXPONENT;
  const forRate = Math.max(1, numerator / denominator / HIGH_FRAME_RATE) ** FRAME_RATE_EXPONENT;
  return Math.max(1, Math.round((forPixels * forRate) / KBPS_STEP)) * KBPS_STEP;
}
