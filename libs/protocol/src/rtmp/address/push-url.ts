// Where a stream is pushed to: the address that a service gives its users, beside the stream key or with it at the end.

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

const DEFAULT_PORTS = { 'rtmp:': 1935, 'rtmps:': 443 } as const;

/**
 * Reads an address such as `rtmp://a.rtmp.youtube.com/live2` or `rtmps://live-api-s.facebook.com:443/rtmp/`.
 *
 * @returns what is wrong with it, for its author, when it cannot be used
 */
export function parsePushUrl(text: string): PushUrl | string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'rtmp:' && url.protocol !== 'rtmps:'))
    return 'must be an address that begins with rtmp:// or rtmps://';
  if (url.username !== '' || url.password !== '') return 'must not contain a user name or password';
  if (url.hash !== '') return 'must not contain a fragment';
  // Only for schemes that it knows does the parser bring host names and IPv4 addresses into their one form.
  const known = `http://${url.host}`;
  const hostname = url.host !== '' && URL.canParse(known) ? new URL(known).hostname : '';
  const port = url.port === '' ? DEFAULT_PORTS[url.protocol] : Number(url.port);
  if (hostname === '' || port === 0) return 'must name a host';
  const path = url.pathname.replace(/^\/+|\/+$/g, '');
  if (path === '') return 'must contain an application, such as live2 in rtmp://a.rtmp.youtube.com/live2';
  const app = path + url.search;
  const place = url.port === '' ? hostname : `${hostname}:${url.port}`;
  return {
    isSecure: url.protocol === 'rtmps:',
    host: hostname.replace(/^\[|\]$/g, ''),
    port,
    app,
    tcUrl: `${url.protocol}//${place}/${app}`,
  };
}

/** Takes the stream key off the end of an address: its last part, with its query. @returns undefined when there is no such part */
export function splitStreamKey(text: string): { readonly url: string; readonly streamKey: string } | undefined {
  const [, url = '', streamKey = ''] = /^(\w+:\/\/[^/?#]+\/[^?#]*[^/?#])\/([^/]+)$/.exec(text) ?? [];
  return streamKey === '' ? undefined : { url, streamKey };
}
