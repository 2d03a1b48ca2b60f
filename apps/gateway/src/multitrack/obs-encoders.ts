// The H.264 encoders of OBS, by the names and settings of its plugins (obs-nvenc, obs-ffmpeg, obs-qsv11, obs-x264, mac-videotoolbox).

/** Every rendition begins a group of pictures at the same frames: players can change there. */
const KEYFRAME_INTERVAL_S = 2;
const COMMON = { rate_control: 'CBR', keyint_sec: KEYFRAME_INTERVAL_S, profile: 'high' };

/** The settings of each encoder, but for the bitrate. OBS itself turns off keyframes at changes of scene. */
const OBS_ENCODERS = {
  obs_x264: { ...COMMON, preset: 'veryfast' },
  obs_nvenc_h264_tex: { ...COMMON, preset: 'p5', tune: 'hq', multipass: 'qres', bf: 2 },
  jim_nvenc: { ...COMMON, preset2: 'p5', tune: 'hq', multipass: 'qres', bf: 2 },
  h264_texture_amf: { ...COMMON, preset: 'balanced' },
  obs_qsv11_v2: { ...COMMON, target_usage: 'TU4' },
  'com.apple.videotoolbox.videoencoder.ave.avc': { ...COMMON, bframes: false },
} as const;

export type ObsEncoder = keyof typeof OBS_ENCODERS;
export const OBS_ENCODER_NAMES = Object.keys(OBS_ENCODERS) as [ObsEncoder, ...ObsEncoder[]];

export const settingsOfEncoder = (encoder: ObsEncoder, kbps: number): Record<string, unknown> => ({
  ...OBS_ENCODERS[encoder],
  bitrate: kbps,
});

/** The machine that OBS runs on. */
export interface EncoderMachine {
  /** Of the graphics card that OBS composes with, as PCI has it. */
  readonly gpuVendorId: number | undefined;
  readonly physicalCores: number | undefined;
  readonly system: string;
  readonly isArm: boolean;
  /** Of OBS; undefined if it cannot be read. */
  readonly majorVersion: number | undefined;
}

const VENDORS = { nvidia: 0x10de, amd: 0x1002, intel: 0x8086 };
/** From this release on OBS has a plugin of its own for NVENC. */
const OWN_NVENC_VERSION = 31;

/** An encoder that is sure to be there: OBS does not go live with one that is not. */
export function encoderFor({ gpuVendorId, system, isArm, majorVersion }: EncoderMachine): ObsEncoder {
  if (/^mac/i.test(system)) return isArm ? 'com.apple.videotoolbox.videoencoder.ave.avc' : 'obs_x264';
  if (gpuVendorId === VENDORS.nvidia)
    return (majorVersion ?? 0) >= OWN_NVENC_VERSION ? 'obs_nvenc_h264_tex' : 'jim_nvenc';
  // Elsewhere these depend on what the distribution has built.
  if (!/^windows/i.test(system)) return 'obs_x264';
  if (gpuVendorId === VENDORS.amd) return 'h264_texture_amf';
  return gpuVendorId === VENDORS.intel ? 'obs_qsv11_v2' : 'obs_x264';
}

/** How many cores x264 needs for a rendition and leaves something to the rest of OBS. */
const CORES_PER_TRACK = 2;

/** How many renditions the encoder can make at a time. */
export const maxTracksOf = (encoder: ObsEncoder, { physicalCores }: Pick<EncoderMachine, 'physicalCores'>): number =>
  encoder === 'obs_x264' && physicalCores !== undefined
    ? Math.max(1, Math.floor(physicalCores / CORES_PER_TRACK))
    : Infinity;
