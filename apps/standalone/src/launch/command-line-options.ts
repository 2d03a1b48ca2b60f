// What may follow `npm start --`.

export interface LaunchOptions {
  readonly help: boolean;
  /** Publishes the shipped clip for ever, so that the watch page shows a picture. */
  readonly demo: boolean;
}

export const USAGE = `usage: npm start [-- OPTION…]

Runs all of Millrace in one process: RTMP, RTSP and SRT in, HLS out, rooms to talk in, REST and the web pages.

  --demo       also publish a short clip in a loop, on a stream of its own, to have something to watch
  -h, --help   show this

Settings come from the environment and from .env; .env.example lists them. Those changed most often:

  MILLRACE_DATA_DIR       folder for what must survive a restart (./data)
  MILLRACE_HTTP_PORT      port of the watch page, HLS and REST (8080)
  MILLRACE_HTTP_HOST      0.0.0.0 to be reached from other machines (127.0.0.1)
  MILLRACE_RTMP_PORT      port of RTMP (1935)
  MILLRACE_RTSP_PORT      port of RTSP (8554)
  MILLRACE_SRT_PORT       port of SRT (8890)
  MILLRACE_SIGNALING_PORT port of the rooms' WebSocket (8081)
  MILLRACE_TURN_PORT      port of STUN and TURN (3478)
  MILLRACE_DATABASE_URL   a PostgreSQL of your own instead of the embedded one`;

export class UnknownOption extends Error {
  override readonly name = 'UnknownOption';
}

/** @throws {UnknownOption} */
export function parseCommandLine(args: readonly string[]): LaunchOptions {
  const options = { help: false, demo: false };
  for (const arg of args) {
    if (arg === '--demo') options.demo = true;
    else if (arg === '--help' || arg === '-h') options.help = true;
    else throw new UnknownOption(`unknown option ${JSON.stringify(arg)}\n\n${USAGE}`);
  }
  return options;
}
