// One HLS media segment as MPEG-TS (RFC 8216 section 3.2): a pure function, so that any packager makes the same bytes.
import { TS_PACKET_BYTES } from '../packet.ts';
import { PacketWriter } from './packet-writer.ts';
import { PictureWriter, planVideo } from './pictures.ts';
import { programTables } from './program-tables.ts';
import { PacketCounter, planMetadata, schedule } from './schedule.ts';
import type { VideoPes } from './schedule.ts';
import type { AccessUnit, MuxedSegment, SegmentOptions, TimedTag } from './segment-options.ts';
import { DEFAULT_PCR_DELAY_90K, DEFAULT_TIMESTAMP_OFFSET_90K, MAX_TAG_BYTES } from './segment-options.ts';
import { AudioGatherer, audioFraming } from './sound.ts';

/**
 * Makes a segment of access units: PAT and PMT, unless they are left out, then PES packets in the order of their decode times. The same arguments
 * give the same bytes, in any process. Access units that cannot be carried are left out and counted.
 * @param units in the order of decode times within each kind; video and audio may come mixed in any way
 * @param tags in the order of their times; those that are too long, or in a segment without media, are left out
 * @throws ProtocolError `aac.adts.not-expressible` when the audio track cannot be carried in MPEG-TS at all
 */
export function muxSegment(
  options: SegmentOptions,
  units: readonly AccessUnit[],
  tags: readonly TimedTag[] = [],
): MuxedSegment {
  const pictures = options.video === undefined ? undefined : new PictureWriter(options.video);
  const framing = options.audio === undefined ? undefined : audioFraming(options.audio);
  const gatherer = framing === undefined ? undefined : new AudioGatherer(framing, pictures === undefined);
  const video: VideoPes[] = [];
  let skipped = 0;
  let contents = 0;
  for (const unit of units) {
    if (unit.kind === 'audio') {
      if (gatherer?.add(unit) !== true) skipped++;
      continue;
    }
    const plan =
      options.video === undefined || pictures === undefined
        ? undefined
        : planVideo(unit, options.video, pictures.parameterSetSize);
    if (plan === undefined) skipped++;
    else {
      video.push(plan);
      contents |= plan.contents;
    }
  }
  gatherer?.flush();
  const audio = gatherer?.packets ?? [];
  const pcrKind = pictures === undefined ? 'audio' : 'video';

  const hasMedia = video.length + audio.length > 0;
  const metadata = hasMedia ? tags.filter(({ tag }) => tag.length <= MAX_TAG_BYTES).map(planMetadata) : [];

  const counter = new PacketCounter();
  schedule(video, audio, pcrKind, options.endDts90k, counter, metadata, options.tables);
  const size = counter.packets * TS_PACKET_BYTES;
  const bytes = options.allocate === undefined ? Buffer.allocUnsafeSlow(size) : options.allocate(size);
  const writer = new PacketWriter(bytes, {
    tables: programTables(options, metadata.length > 0),
    continuity: options.continuity,
    discontinuity: options.discontinuity ?? false,
    timestampOffset90k: options.timestampOffset90k ?? DEFAULT_TIMESTAMP_OFFSET_90K,
    pcrDelay90k: options.pcrDelay90k ?? DEFAULT_PCR_DELAY_90K,
    video: pictures,
    audio: framing,
  });
  schedule(video, audio, pcrKind, options.endDts90k, writer, metadata, options.tables);
  if (writer.written !== bytes.length) throw new Error(`wrote ${writer.written} of ${bytes.length} bytes`);
  return { bytes, continuity: writer.continuity, skipped, contents };
}
