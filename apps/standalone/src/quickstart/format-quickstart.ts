import type { Quickstart } from './quickstart.ts';

const RULE = '─'.repeat(78);

/**
 * The block that a start prints to copy from. It shows secrets: for a terminal, never for a log.
 *
 * @param clip path of a media file that exists, so that the ffmpeg line works as it stands
 */
export function formatQuickstart(quickstart: Quickstart, clip: string): string {
  const { rtmp_url, stream_key, watch_url, playback_url, api_url, api_key } = quickstart;
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
    `  REST           ${api_url}  (described at ${new URL('/docs', api_url).href})`,
    `  REST key       ${api_key}`,
    RULE,
  ].join('\n');
}
