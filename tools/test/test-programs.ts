// What the tests need beside Node.js: real clients and real servers. Installed when that is possible, asked for otherwise.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findProgram } from '../processes/find-program.ts';
import { findGstPython } from '../processes/gst-python.ts';
import { makesEnvironments } from '../python-environment/index.ts';
import { runStep } from './run-step.ts';

interface TestProgram {
  /** One of these names will do. */
  readonly names: readonly string[];
  /** Where not every version will do: whether the one at a path does, and what it has to be. */
  readonly suffices?: { readonly check: (program: string) => boolean; readonly note: string };
  readonly debianPackage: string;
  /** What macOS's Homebrew calls it. */
  readonly brew: string;
}

/** Debian keeps the server's programs outside of PATH, in one folder for each major version. */
const DEBIAN_POSTGRES = '/usr/lib/postgresql';

/** @param client the path of `psql` or `pg_dump` */
function hasServerBeside(client: string): boolean {
  const debian = existsSync(DEBIAN_POSTGRES) ? readdirSync(DEBIAN_POSTGRES) : [];
  const folders = [dirname(client), ...debian.map((version) => join(DEBIAN_POSTGRES, version, 'bin'))];
  return folders.some((folder) => ['pg_dump', 'initdb'].every((name) => existsSync(join(folder, name))));
}

/** Whether GStreamer has an element: which package brings it is not told by the names of programs. */
const hasElement =
  (element: string) =>
  (inspect: string): boolean =>
    spawnSync(inspect, ['--exists', element]).status === 0;

const TEST_PROGRAMS: readonly TestProgram[] = [
  { names: ['ffmpeg'], debianPackage: 'ffmpeg', brew: 'ffmpeg' },
  { names: ['ffprobe'], debianPackage: 'ffmpeg', brew: 'ffmpeg' },
  // What brings the pinned nats-server (tools/nats-server), which Debian has in no version that will do.
  { names: ['pip3', 'go'], debianPackage: 'python3-pip', brew: 'python' },
  // What makes the Python client of the REST API (tools/python-client), and an encoder (tools/pyav).
  {
    names: ['python3'],
    suffices: {
      check: makesEnvironments,
      note: 'python3 has to be 3.11 or later, with the modules venv and ensurepip.',
    },
    debianPackage: 'python3-venv',
    brew: 'python',
  },
  { names: ['redis-server'], debianPackage: 'redis-server', brew: 'redis' },
  { names: ['chromium', 'chromium-browser', 'google-chrome'], debianPackage: 'chromium', brew: '--cask chromium' },
  // One package has all of these; each is named, for the message that says what is missing.
  ...['turnserver', 'turnutils_uclient', 'turnutils_peer', 'turnutils_stunclient', 'turnutils_natdiscovery'].map(
    (name) => ({ names: [name], debianPackage: 'coturn', brew: 'coturn' }),
  ),
  // The PostgreSQL that npm brings has no clients, and refuses those of an older one.
  ...['psql', 'pg_dump'].map((name) => ({
    names: [name],
    suffices: { check: hasServerBeside, note: 'psql and pg_dump have to come with a server of the same PostgreSQL.' },
    debianPackage: 'postgresql',
    brew: 'postgresql',
  })),
  { names: ['openssl'], debianPackage: 'openssl', brew: 'openssl' },
  // A relay that does not wait for answers; the package of its module brings nginx itself.
  { names: ['nginx'], debianPackage: 'libnginx-mod-rtmp', brew: 'nginx-full' },
  { names: ['srt-live-transmit'], debianPackage: 'srt-tools', brew: 'srt' },
  // Another client of RTSP than ffmpeg: what plays, and what publishes.
  { names: ['gst-launch-1.0'], debianPackage: 'gstreamer1.0-tools', brew: 'gstreamer' },
  ...(
    [
      ['rtspsrc', 'gstreamer1.0-plugins-good'],
      ['rtspclientsink', 'gstreamer1.0-rtsp'],
    ] as const
  ).map(([element, debianPackage]) => ({
    names: ['gst-inspect-1.0'],
    suffices: { check: hasElement(element), note: `GStreamer has to have the element ${element}.` },
    debianPackage,
    brew: 'gstreamer',
  })),
  // A camera of RTSP: its server has no program of its own.
  ...['python3-gi', 'gir1.2-gst-rtsp-server-1.0'].map((debianPackage) => ({
    names: ['gst-inspect-1.0'],
    suffices: {
      check: () => findGstPython() !== undefined,
      note: "python3 has to have GStreamer's RTSP server (gi.repository.GstRtspServer).",
    },
    debianPackage,
    brew: 'gst-rtsp-server pygobject3',
  })),
  ...['prometheus', 'promtool'].map((name) => ({ names: [name], debianPackage: 'prometheus', brew: 'prometheus' })),
];

/** NATS, or what brings it, and Redis: what a cluster on this machine needs beside Node.js. */
export const CLUSTER_PROGRAMS = TEST_PROGRAMS.filter(({ names }) => /^(pip3|redis-server)$/.test(names[0] ?? ''));

export function missingPrograms(
  find: (name: string) => string | undefined = findProgram,
  programs = TEST_PROGRAMS,
): readonly TestProgram[] {
  return programs.filter(({ names, suffices }) => {
    return !names.some((name) => {
      const program = find(name);
      return program !== undefined && suffices?.check(program) !== false;
    });
  });
}

/** The message for who has to install them by hand. */
export function installAdvice(missing: readonly TestProgram[], platform: NodeJS.Platform): string {
  const words = (key: 'debianPackage' | 'brew'): string => [...new Set(missing.map((each) => each[key]))].join(' ');
  const command = platform === 'darwin' ? `brew install ${words('brew')}` : `apt-get install ${words('debianPackage')}`;
  const notes = missing.flatMap(({ suffices }) => (suffices === undefined ? [] : [`${suffices.note}\n`]));
  return `This needs ${missing.map(({ names }) => names[0]).join(', ')}: as root, run\n\n  ${command}\n${notes.join('')}`;
}

/**
 * Installs what is missing, as root on Debian or Ubuntu.
 *
 * @param programs all of them when not given
 * @throws {Error} that says what to install
 */
export async function ensureTestPrograms(programs = TEST_PROGRAMS): Promise<void> {
  const missing = missingPrograms(findProgram, programs);
  if (missing.length === 0) return;
  const apt = findProgram('apt-get');
  if (process.getuid?.() !== 0 || apt === undefined) throw new Error(installAdvice(missing, process.platform));
  const packages = [...new Set(missing.map(({ debianPackage }) => debianPackage))];
  console.log(`Installing Debian packages: ${packages.join(' ')}`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await runStep(apt, ['update', '-q'], { env });
  await runStep(apt, ['install', '-y', '-q', '--no-install-recommends', ...packages], { env });
  // These packages start one for the whole machine: the tests run their own.
  const systemctl = findProgram('systemctl');
  const started = ['prometheus', 'postgresql'].filter((name) => packages.includes(name));
  if (systemctl !== undefined && started.length > 0) await runStep(systemctl, ['disable', '--now', ...started]);
  const still = missingPrograms(findProgram, programs);
  if (still.length > 0) throw new Error(installAdvice(still, process.platform));
}
