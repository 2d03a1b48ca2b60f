export { crc32c } from './crc32c.ts';
export { decodeProxyHeader, PROXY_PREFIX_BYTES, PROXY_SIGNATURE, proxyHeaderBytes } from './proxy-header.ts';
export type { ProxyEndpoint, ProxyHeader } from './proxy-header.ts';
export { MAX_PROXY_HEADER_BYTES, ProxyHeaderReader } from './proxy-header-reader.ts';
export type { ReadProxyHeader } from './proxy-header-reader.ts';
