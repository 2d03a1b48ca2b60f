// A transport stream of one program read as a whole: for tests and tools, which compare what went in with what came out.
import { decodeAdtsHeader } from '../../aac/index.ts';
import { ByteReader } from '../../bytes/index.ts';
import { isAccessUnitDelimiter } from '../../h264/index.ts';
import { isH265AccessUnitDelimiter } from '../../h265/index.ts';
import { splitAnnexB } from '../../nal/index.ts';
import { SYSTEM_TICKS, unwrapTimestamp } from '../clock.ts';
import type { ProgramMap } from '../pmt.ts';
import { StreamType } from '../pmt.ts';
import type { PesPacket } from './pes-assembler.ts';
import { SOUND_UNITS } from './sound-unit.ts';
import type { ReadSoundUnit } from './sound-unit.ts';
import type { TsEvent } from './ts-demuxer.ts';
import { TsDemuxer } from './ts-demuxer.ts';

export interface ReadPicture {
  /** Unwrapped: they go on where 33 bits would start again. */
  readonly pts90k: number;
  readonly dts90k: number;
  readonly randomAccess: boolean;
  /** Without start codes and without the access unit delimiter. */
  readonly nalUnits: readonly Buffer[];
  /** How many access unit delimiters came with it. */
  readonly delimiters: number;
}

export interface ReadSound {
  /** Of the PES packet for its first frame; counted on for the others, not rounded. */
  readonly pts90k: number;
  /** Raw AAC without ADTS header, an Opus packet without control header, or a whole frame of another codec. */
  readonly data: Buffer;
  readonly samplingFrequency: number;
  readonly firstInPacket: boolean;
}

export interface TransportStreamContent {
  readonly program: ProgramMap | undefined;
  readonly pictures: readonly ReadPicture[];
  readonly sounds: readonly ReadSound[];
  /** PCR bases in 90 kHz ticks, unwrapped. */
  readonly pcrs90k: readonly number[];
  readonly continuityErrors: readonly Extract<TsEvent, { type: 'continuity' }>[];
}

class Reading {
  program: ProgramMap | undefined;
  readonly pictures: ReadPicture[] = [];
  readonly sounds: ReadSound[] = [];
  readonly pcrs90k: number[] = [];
  readonly continuityErrors: Extract<TsEvent, { type: 'continuity' }>[] = [];
  /** The last timestamp of any kind: what others are unwrapped against. */
  #reference: number | undefined;

  take(event: TsEvent): void {
    if (event.type === 'program') this.program = event.program;
    else if (event.type === 'continuity') this.continuityErrors.push(event);
    else if (event.type === 'pcr') this.pcrs90k.push(this.#unwrap(Math.floor(event.pcr / SYSTEM_TICKS)));
    else if (event.streamType === StreamType.h264) this.#picture(event.packet, isAccessUnitDelimiter);
    else if (event.streamType === StreamType.h265) this.#picture(event.packet, isH265AccessUnitDelimiter);
    else if (event.streamType === StreamType.aacAdts) this.#aac(event.packet);
    else if (event.streamType === StreamType.mpeg1Audio || event.streamType === StreamType.mpeg2Audio) {
      this.#sounds(event.packet, SOUND_UNITS.mp3);
    } else if (event.streamType === StreamType.ac3) this.#sounds(event.packet, SOUND_UNITS.ac3);
    else if (event.streamType === StreamType.eac3) this.#sounds(event.packet, SOUND_UNITS.eac3);
    else if (event.streamType === StreamType.privateData) this.#sounds(event.packet, SOUND_UNITS.opus);
  }

  #unwrap(timestamp: number): number {
    this.#reference = this.#reference === undefined ? timestamp : unwrapTimestamp(timestamp, this.#reference);
    return this.#reference;
  }

  #picture({ header, data, randomAccess }: PesPacket, isDelimiter: (firstByte: number) => boolean): void {
    const all = splitAnnexB(data);
    const nalUnits = all.filter((unit) => !isDelimiter(unit[0]!));
    const dts90k = this.#unwrap(header.dts ?? header.pts ?? 0);
    const pts90k = unwrapTimestamp(header.pts ?? 0, dts90k);
    this.pictures.push({ pts90k, dts90k, randomAccess, nalUnits, delimiters: all.length - nalUnits.length });
  }

  #aac({ header, data }: PesPacket): void {
    let pts90k = this.#unwrap(header.pts ?? 0);
    const reader = new ByteReader(data, 'mpegts/aac');
    while (reader.remaining > 0) {
      const firstInPacket = reader.offset === 0;
      const { frameBytes, headerBytes, samplingFrequency } = decodeAdtsHeader(data.subarray(reader.offset));
      const frame = reader.take(frameBytes).subarray(headerBytes);
      this.sounds.push({ pts90k, data: frame, samplingFrequency, firstInPacket });
      pts90k += (1024 * 90_000) / samplingFrequency;
    }
  }

  #sounds({ header, data }: PesPacket, read: ReadSoundUnit): void {
    let pts90k = this.#unwrap(header.pts ?? 0);
    const reader = new ByteReader(data, 'mpegts/sound');
    while (reader.remaining > 0) {
      const firstInPacket = reader.offset === 0;
      const { headerBytes, frameBytes, samples, samplingFrequency } = read(data.subarray(reader.offset));
      reader.take(headerBytes);
      this.sounds.push({ pts90k, data: reader.take(frameBytes), samplingFrequency, firstInPacket });
      pts90k += (samples * 90_000) / samplingFrequency;
    }
  }
}

/**
 * Reads a transport stream, or segments one behind the other, with one stream of pictures and one of sound at most. Each PES
 * packet of video is taken for one picture and audio frames must not be cut by PES packets: so this server writes them.
 * @throws ProtocolError when the stream is broken
 */
export function readTransportStream(bytes: Uint8Array): TransportStreamContent {
  const demuxer = new TsDemuxer();
  const reading = new Reading();
  for (const event of demuxer.push(bytes)) reading.take(event);
  for (const event of demuxer.end()) reading.take(event);
  return reading;
}
