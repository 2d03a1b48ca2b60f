import { variablesOf } from '@millrace/service-kit';
import type { DocumentedSetting } from './settings-of-all.ts';

/** What people change before anything else, in the order in which they meet it. */
const CHANGED_FIRST = [
  'MILLRACE_HTTP_HOST',
  'MILLRACE_PUBLIC_URL',
  'MILLRACE_PUBLIC_RTMP_URL',
  'MILLRACE_PUBLIC_SIGNALING_URL',
  'MILLRACE_HTTP_PORT',
  'MILLRACE_RTMP_PORT',
  'MILLRACE_DATA_DIR',
  'MILLRACE_DATABASE_URL',
  'MILLRACE_TURN_PUBLIC_ADDRESS',
  'MILLRACE_LOG_LEVEL',
];

/** Section titles by who reads a setting, in the order of the file; what several services read has a section of its own. */
const SECTIONS: Readonly<Record<string, string>> = {
  all: 'Every service',
  gateway: 'gateway: REST, HLS, the web pages, rooms and their tokens',
  'rtmp-edge': 'rtmp-edge: RTMP and RTMPS ingest',
  'rtsp-edge': 'rtsp-edge: RTSP and RTSPS ingest',
  'srt-edge': 'srt-edge: SRT ingest',
  packager: 'packager: segments and playlists',
  signaling: 'signaling: rooms over WebSocket',
  turn: 'turn: STUN and TURN',
  'npm start': 'npm start: one process with a database of its own',
};
const SEVERAL = 'Several services';

/** The text of `.env.example`: every setting with a sentence, commented out at its default, by service. */
export function formatEnvExample(settings: readonly DocumentedSetting[]): string {
  const first = CHANGED_FIRST.map((variable) => {
    const found = settings.find((setting) => setting.variable === variable);
    if (found === undefined) throw new Error(`${variable} is no setting: correct CHANGED_FIRST`);
    return found;
  });
  const rest = settings.filter((setting) => !first.includes(setting));
  const bySection = Object.groupBy(rest, ({ readBy }) => SECTIONS[readBy] ?? SEVERAL);
  const sections = [...Object.values(SECTIONS), SEVERAL].flatMap((title) => section(title, bySection[title] ?? []));
  return [
    '# Every setting of every service, at its default. Written by "npm run env-example".',
    '# Copy it to .env and uncomment what you change: "npm start" and "npm run cluster" read that file. Variables that are',
    '# already set in the environment take precedence.',
    '# Sizes are in bytes, times in milliseconds. An empty variable means the default, except for lists that say otherwise.',
    '# Where a second line ends in _FILE, that file may hold the value instead, which suits secrets. Set one of the two.',
    '',
    ...section('Changed most often', first),
    ...sections,
  ].join('\n');
}

const section = (title: string, settings: readonly DocumentedSetting[]): string[] =>
  settings.length === 0 ? [] : [`# ==== ${title} ====\n`, ...settings.map(block)];

function block(setting: DocumentedSetting): string {
  const { defaultText, description, readBy } = setting;
  const [variable, ...files] = variablesOf(setting);
  const lines = [`#${variable}=${defaultText}`, ...files.map((file) => `#${file}=`)];
  return `# ${description}${readBy in SECTIONS ? '' : ` (${readBy})`}\n${lines.join('\n')}\n`;
}
