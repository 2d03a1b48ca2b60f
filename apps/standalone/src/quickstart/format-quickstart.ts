import type { Quickstart } from './quickstart.ts';

const RULE = '─'.repeat(78);

export interface QuickstartFormat {
  /** Whether the demo clip is being published. */
  readonly demo?: boolean;
  /** Where other encoders publish, by their protocol: the address up to the key. */
  readonly encoders?: Readonly<Record<string, string>>;
  /** Lines about what else runs. */
  readonly more?: readonly string[];
  /** A log is kept and passed on: keys and tokens are shown on a terminal, and otherwise the file that has them is named. */
  readonly secrets: 'shown' | { readonly keptIn: string };
}

/**
 * The block that a start prints to copy from.
 *
 * @param clip path of a media file that exists, so that the ffmpeg line works as it is
 */
export function formatQuickstart(quickstart: Quickstart, clip: string, format: QuickstartFormat): string {
  const { demo = false, encoders = {}, more = [], secrets } = format;
  const { rtmp_url, stream_key, watch_url, playback_url, call_url, demo_watch_url, api_url, api_key, console_url } =
    quickstart;
  const shown = (secret: string, name: string): string => (secrets === 'shown' ? secret : `<${name}>`);
  return [
    RULE,
    '  Millrace is running.',
    ...(secrets === 'shown'
      ? []
      : ['', `  The keys are in ${secrets.keptIn}, under the names in angle brackets below.`]),
    '',
    '  OBS: Settings → Stream → Service "Custom…"',
    `    Server       ${rtmp_url}`,
    `    Stream Key   ${shown(stream_key, 'stream_key')}`,
    '',
    '  ffmpeg:',
    `    ffmpeg -re -stream_loop -1 -i ${clip} -c copy -f flv ${rtmp_url}/${shown(stream_key, 'stream_key')}`,
    ...Object.entries(encoders).map(
      ([protocol, url]) => `  ${`${protocol}:`.padEnd(6)} ${url}${shown(stream_key, 'stream_key')}`,
    ),
    '',
    `  Watch          ${watch_url}`,
    `  HLS            ${playback_url}`,
    ...(demo && demo_watch_url !== undefined ? [`  Demo clip      ${demo_watch_url}`] : []),
    ...(call_url === undefined
      ? []
      : ['', '  Talk: open this link in two windows', `    ${shown(call_url, 'call_url')}`, '']),
    ...(console_url === undefined
      ? []
      : ['  Console: this link logs in, once and for a short time', `    ${shown(console_url, 'console_url')}`, '']),
    ...more,
    `  REST           ${api_url}  (described at ${new URL('/docs', api_url).href})`,
    `  REST key       ${shown(api_key, 'api_key')}`,
    RULE,
  ].join('\n');
}

/** Of servers that have them. @param rtspUrl @param srtUrl as REST is given them */
export const otherEncoders = (rtspUrl: string | undefined, srtUrl: string | undefined): Record<string, string> => ({
  ...(rtspUrl !== undefined && { RTSP: `${rtspUrl}/` }),
  ...(srtUrl !== undefined && { SRT: `${srtUrl}?streamid=publish:` }),
});
