export { BitReader } from './bit-reader.ts';
export { BitWriter } from './bit-writer.ts';
export { ByteReader } from './byte-reader.ts';
export { ByteWriter } from './byte-writer.ts';
export { decodeOrUndefined, ENDED_EARLY, ProtocolError } from './protocol-error.ts';
export { parseTypedUrl, readUrl } from './typed-url.ts';
export type { TypedUrl } from './typed-url.ts';
export { secretsOfQuery, withoutCredentials, withoutSecrets } from './without-credentials.ts';
