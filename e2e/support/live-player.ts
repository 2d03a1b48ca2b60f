// ffmpeg as a player of RTMP or RTSP: prints each coded picture as it comes.
import { ManagedProcess, requireProgram } from '@millrace/tools/processes';
import { eventually } from './eventually.ts';

export class LivePlayer {
  readonly #process: ManagedProcess;

  private constructor(process: ManagedProcess) {
    this.#process = process;
  }

  /** Plays a stream from an edge. @param url where encoders publish: ends in `live` */
  static async start(url: string, playbackId: string): Promise<LivePlayer> {
    const process = new ManagedProcess({
      name: 'player',
      command: requireProgram('ffmpeg', 'ffmpeg'),
      args: [
        '-hide_banner',
        '-nostdin',
        '-loglevel',
        'error',
        '-i',
        url.replace(/live$/, `play/${playbackId}`),
        '-map',
        '0:v',
        '-c',
        'copy',
        '-copyts',
        '-f',
        'framecrc',
        '-',
      ],
      isReady: async () => true,
    });
    await process.start();
    return new LivePlayer(process);
  }

  /** Waits for so many pictures from the beginning. */
  async pictures(count: number): Promise<void> {
    await eventually(`${count} pictures are played`, () => this.#pictures.length >= count, 30_000);
  }

  /** framecrc marks with `F=` what is not like the first kind of packet: a keyframe. */
  get firstIsKeyframe(): boolean {
    return !this.#pictures[0]!.includes('F=0x0');
  }

  /** Resolves when the connection is gone. */
  async ended(): Promise<void> {
    await eventually('the player has ended', () => !this.#process.running);
  }

  async stop(): Promise<void> {
    await this.#process.kill('SIGKILL');
  }

  get #pictures(): string[] {
    return this.#process.logs.lines.filter((line) => line.startsWith('0,'));
  }
}
