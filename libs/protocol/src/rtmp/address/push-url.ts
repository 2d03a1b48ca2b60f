// Where a stream is pushed to: the address that a service gives its users, beside the stream key or with it at the end.
import { parseTypedUrl } from '../../bytes/index.ts';

export interface PushUrl {
  readonly isSecure: boolean;
  /** A name, or an address without the brackets of IPv6. */
  readonly host: string;
  readonly port: number;
  /** With its query, if it has one. */
  readonly app: string;
  /** The address without a slash at the end: `tcUrl` of connect. */
  readonly tcUrl: string;
}

const RTMP_PORT = 1935;
const RTMPS_PORT = 443;

/**
 * Reads an address such as `rtmp://a.rtmp.youtube.com/live2` or `rtmps://live-api-s.facebook.com:443/rtmp/`.
 *
 * @returns what is wrong with it, for its author, when it cannot be used
 */
export function parsePushUrl(text: string): PushUrl | string {
  if (!/^rtmps?:\/\//i.test(text)) return 'must be an address that begins with rtmp:// or rtmps://';
  const typed = parseTypedUrl(text);
  if (typeof typed === 'string') return typed;
  const { url, host } = typed;
  if (url.username !== '' || url.password !== '') return 'must not contain a user name or password';
  if (url.hash !== '') return 'must not contain a fragment';
  const path = url.pathname.replace(/^\/+|\/+$/g, '');
  if (path === '') return 'must contain an application, such as live2 in rtmp://a.rtmp.youtube.com/live2';
  const app = path + url.search;
  const isSecure = url.protocol === 'rtmps:';
  return {
    isSecure,
    host,
    port: Number(url.port || (isSecure ? RTMPS_PORT : RTMP_PORT)),
    app,
    tcUrl: `${url.protocol}//${url.host}/${app}`,
  };
}

/** Takes the stream key off the end of an address: its last part, with its query. @returns undefined when there is no such part */
export function splitStreamKey(text: string): { readonly url: string; readonly streamKey: string } | undefined {
  const [, url = '', streamKey = ''] = /^(\w+:\/\/[^/?#]+\/[^?#]*[^/?#])\/([^/]+)$/.exec(text) ?? [];
  return streamKey === '' ? undefined : { url, streamKey };
}
