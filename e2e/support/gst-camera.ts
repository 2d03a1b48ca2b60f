// A camera that is not ours: gst-rtsp-server, with a file for its lens, for those who log in by Digest.
import { join } from 'node:path';
import { findGstPython, ManagedProcess } from '@millrace/tools/processes';

const SCRIPT = join(import.meta.dirname, 'gst-camera.py');

export interface GstCamera {
  /** Without credentials. */
  readonly url: string;
  stop(): Promise<void>;
}

export async function startGstCamera(file: string, user: string, password: string): Promise<GstCamera> {
  const python = findGstPython();
  if (python === undefined)
    throw new Error('no Python has GStreamer: run "apt-get install python3-gi gir1.2-gst-rtsp-server-1.0"');
  const camera: ManagedProcess = new ManagedProcess({
    name: 'gst-rtsp-server',
    command: python,
    args: ['-u', SCRIPT, file, user, password],
    isReady: async () => /^\d+$/m.test(camera.logs.lines.join('\n')),
  });
  await camera.start();
  const port = /^\d+$/m.exec(camera.logs.lines.join('\n'))![0];
  return { url: `rtsp://127.0.0.1:${port}/door`, stop: () => camera.stop() };
}
