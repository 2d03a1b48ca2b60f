import { DEFAULT_AMF_LIMITS } from '../../amf3/index.ts';
import type { AmfLimits, AmfRecord } from '../../amf3/index.ts';
import { DEFAULT_CHUNK_DECODER_LIMITS } from '../chunk/chunk-limits.ts';
import type { ChunkDecoderLimits } from '../chunk/chunk-limits.ts';
import type { Capabilities } from './capabilities.ts';
import type { DigestScheme } from '../handshake/digest.ts';

/** What a client session is to do, and how. */
export interface ClientSessionOptions {
  /** Milliseconds of a clock that does not go back. */
  readonly now: () => number;
  readonly mode: 'publish' | 'play';
  readonly app: string;
  readonly tcUrl: string;
  /** Stream name with any query. */
  readonly streamName: string;
  /** Of the chunks the session sends. */
  readonly chunkSize: number;
  /** 3 sends commands and data as AMF3 messages. */
  readonly objectEncoding: 0 | 3;
  /** Which digest C1 carries; undefined for the simple handshake. */
  readonly digestScheme: DigestScheme | undefined;
  readonly flashVer: string;
  /** What the server is told of the client; nothing at all of Enhanced RTMP when it is empty. */
  readonly capabilities: Partial<Capabilities>;
  /** More properties for connect. */
  readonly connectProperties: Readonly<AmfRecord>;
  readonly chunkLimits: ChunkDecoderLimits;
  readonly amfLimits: AmfLimits;
}

type Required = Pick<ClientSessionOptions, 'now' | 'mode' | 'app' | 'tcUrl' | 'streamName'>;

/** @param given what has no default, and what is to replace one. */
export function clientSessionOptions(given: Required & Partial<ClientSessionOptions>): ClientSessionOptions {
  return {
    chunkSize: 4096,
    objectEncoding: 0,
    digestScheme: undefined,
    flashVer: given.mode === 'publish' ? 'FMLE/3.0 (compatible; Millrace)' : 'LNX 9,0,124,2',
    capabilities: {},
    connectProperties: {},
    chunkLimits: DEFAULT_CHUNK_DECODER_LIMITS,
    amfLimits: DEFAULT_AMF_LIMITS,
    ...given,
  };
}
