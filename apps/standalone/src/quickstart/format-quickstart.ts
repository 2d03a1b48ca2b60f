import type { Quickstart } from './quickstart.ts';

const RULE = '─'.repeat(78);

const DEMO = [
  '',
  '  The demo clip is being published with this key, so an encoder is refused as a second publisher.',
  '  To publish yourself, stop with Ctrl-C and type "npm start".',
];

/**
 * The block that a start prints to copy from. It shows secrets: for a terminal, never for a log.
 *
 * @param clip path of a media file that exists, so that the ffmpeg line works as it stands
 * @param more lines about what else runs
 * @param demo whether the clip is being published with this key, so that an encoder would be refused
 */
export function formatQuickstart(
  quickstart: Quickstart,
  clip: string,
  { demo = false, more = [] }: { readonly demo?: boolean; readonly more?: readonly string[] } = {},
): string {
  const { rtmp_url, stream_key, watch_url, playback_url, call_url, api_url, api_key } = quickstart;
  return [
    RULE,
    '  Millrace is running.',
    '',
    '  OBS: Settings → Stream → Service "Custom…"',
    `    Server       ${rtmp_url}`,
    `    Stream Key   ${stream_key}`,
    '',
    '  ffmpeg:',
    `    ffmpeg -re -stream_loop -1 -i ${clip} -c copy -f flv ${rtmp_url}/${stream_key}`,
    '',
    `  Watch          ${watch_url}`,
    `  HLS            ${playback_url}`,
    ...(call_url === undefined ? [] : ['', '  Talk: open this in two windows', `    ${call_url}`, '']),
    ...more,
    `  REST           ${api_url}  (described at ${new URL('/docs', api_url).href})`,
    `  REST key       ${api_key}`,
    ...(demo ? DEMO : []),
    RULE,
  ].join('\n');
}
