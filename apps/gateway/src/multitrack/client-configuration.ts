// What OBS is told to send: the renditions of a stream, within the limits of the tenant, of the stream, of the streamer and of the machine.
import type {
  AudioConfiguration,
  ClientConfiguration,
  ClientConfigurationRequest,
} from './client-configuration.dto.ts';
import { encoderFor, maxTracksOf, settingsOfEncoder } from './obs-encoders.ts';
import type { ObsEncoder } from './obs-encoders.ts';
import { planRenditions } from './rendition-plan.ts';
import type { Canvas, RenditionLimits } from './rendition-plan.ts';

const SCHEMA_VERSION = '2025-01-25';
const SERVICE = 'Millrace';
const AUDIO_KBPS = 160;
const MAX_CHANNELS = 2;
const BITS_PER_KBIT = 1_000;
/** What FLV tags, chunk headers and a picture larger than others add to the bitrates. */
const OVERHEAD = 1.1;

/** What the tenant and the stream permit. */
export interface MultitrackLimits {
  readonly maxTracks: number;
  readonly maxHeight: number;
  /** Of all video tracks of the stream. */
  readonly maxBitsPerSecond: number;
  /** Of everything that the tenant's encoders send on one connection; undefined: no quota. */
  readonly maxIngestBitsPerSecond: number | undefined;
}

export interface Endpoints {
  readonly publicRtmpUrl: string;
  readonly publicRtmpsUrl: string | undefined;
}

/** What is to be encoded, and with what. */
export interface EncoderWish {
  readonly canvas: Canvas;
  readonly encoder: ObsEncoder;
  readonly channels: number;
  readonly hasVodTrack: boolean;
  /** What the streamer and the machine can do with. */
  readonly maxTracks: number;
  readonly maxKbps: number;
  readonly schemaVersion: string;
}

const DEFAULT_CANVAS: Canvas = { width: 1_920, height: 1_080, framerate: { numerator: 30, denominator: 1 } };

/** Reads what OBS says of itself. */
export function wishOf({ schema_version, client, capabilities, preferences }: ClientConfigurationRequest): EncoderWish {
  const { cpu, gpu, system } = capabilities ?? {};
  const machine = {
    gpuVendorId: (gpu?.[preferences?.composition_gpu_index ?? 0] ?? gpu?.[0])?.vendor_id ?? undefined,
    physicalCores: cpu?.physical_cores ?? undefined,
    system: system?.name ?? '',
    isArm: system?.arm ?? false,
    majorVersion: majorOf(client?.version ?? ''),
  };
  const encoder = encoderFor(machine);
  const { width, height, framerate } = preferences ?? {};
  const older = width && height && framerate ? { width, height, framerate } : undefined;
  return {
    canvas: preferences?.canvases?.[0] ?? older ?? DEFAULT_CANVAS,
    encoder,
    channels: preferences?.audio_channels ?? MAX_CHANNELS,
    hasVodTrack: preferences?.vod_track_audio ?? false,
    maxTracks: Math.min(maxTracksOf(encoder, machine), preferences?.maximum_video_tracks || Infinity),
    maxKbps: preferences?.maximum_aggregate_bitrate || Infinity,
    schemaVersion: schema_version ?? SCHEMA_VERSION,
  };
}

/** What OBS sends its encoder for a picture that REST is asked about. */
export const wishFor = (canvas: Canvas, encoder: ObsEncoder): EncoderWish => ({
  canvas,
  encoder,
  channels: MAX_CHANNELS,
  hasVodTrack: false,
  maxTracks: Infinity,
  maxKbps: Infinity,
  schemaVersion: SCHEMA_VERSION,
});

export function configureClient(
  wish: EncoderWish,
  limits: MultitrackLimits,
  endpoints: Endpoints,
): ClientConfiguration {
  const live = [audioOf(wish, 1)];
  const vod = wish.hasVodTrack ? [audioOf(wish, 2)] : [];
  const renditions = planRenditions(wish.canvas, renditionLimits(wish, limits, live.length + vod.length));
  return {
    meta: metaOf(wish.schemaVersion),
    status: { result: 'success', html_en_us: null },
    ingest_endpoints: endpointsOf(endpoints),
    encoder_configurations: renditions.map(({ kbps, ...picture }) => ({
      type: wish.encoder,
      ...picture,
      gpu_scale_type: 'OBS_SCALE_BICUBIC',
      settings: settingsOfEncoder(wish.encoder, kbps),
      canvas_index: 0,
    })),
    audio_configurations: { live, ...(vod.length > 0 && { vod }) },
  };
}

/** OBS shows the text to the streamer, and does not go live. */
export const refuseClient = (text: string, schemaVersion = SCHEMA_VERSION): ClientConfiguration => ({
  meta: metaOf(schemaVersion),
  status: { result: 'error', html_en_us: text },
  ingest_endpoints: [],
  encoder_configurations: [],
  audio_configurations: { live: [] },
});

const metaOf = (schemaVersion: string): ClientConfiguration['meta'] => ({
  service: SERVICE,
  schema_version: schemaVersion,
  config_id: '',
});

const audioOf = ({ channels }: EncoderWish, track: number): AudioConfiguration => ({
  codec: 'ffmpeg_aac',
  track_id: track,
  channels: Math.min(Math.max(1, channels), MAX_CHANNELS),
  settings: { bitrate: AUDIO_KBPS },
});

function renditionLimits(wish: EncoderWish, limits: MultitrackLimits, audioTracks: number): RenditionLimits {
  const { maxTracks, maxHeight, maxBitsPerSecond, maxIngestBitsPerSecond = Infinity } = limits;
  const forVideo = maxIngestBitsPerSecond / BITS_PER_KBIT / OVERHEAD - audioTracks * AUDIO_KBPS;
  const maxKbps = Math.min(wish.maxKbps, maxBitsPerSecond / BITS_PER_KBIT, forVideo);
  return {
    maxTracks: Math.min(wish.maxTracks, maxTracks),
    maxHeight,
    maxKbps: Math.max(1, Math.floor(maxKbps)),
  };
}

/** OBS takes the first one that it can use: the encrypted one, where there is one. */
function endpointsOf({ publicRtmpUrl, publicRtmpsUrl }: Endpoints): ClientConfiguration['ingest_endpoints'] {
  const urls = [...new Set([...(publicRtmpsUrl === undefined ? [] : [publicRtmpsUrl]), publicRtmpUrl])];
  return urls.map((url) => ({
    protocol: url.startsWith('rtmps:') ? 'RTMPS' : 'RTMP',
    url_template: `${url}/{stream_key}`,
  }));
}

function majorOf(version: string): number | undefined {
  const major = /^v?(\d{1,4})(?:\.|$)/.exec(version)?.[1];
  return major === undefined ? undefined : Number(major);
}
