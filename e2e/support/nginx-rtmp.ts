// nginx with its RTMP module: a server of RTMP and of live HLS that is not ours.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts, ManagedProcess, requireProgram } from '@millrace/tools/processes';
import { spawnSync } from 'node:child_process';
import { temporaryFolder } from './temporary-folder.ts';

export interface NginxRtmp {
  /** Of an application; a stream name follows. */
  readonly rtmpUrl: string;
  /** Where playlists are, `NAME.m3u8`. */
  readonly hlsUrl: string;
  stop(): Promise<void>;
}

export async function startNginxRtmp(): Promise<NginxRtmp> {
  const command = requireProgram('nginx', 'libnginx-mod-rtmp');
  const folder = temporaryFolder('nginx-rtmp');
  const [rtmp = 0, http = 0] = await freePorts(2);
  const modules = /--modules-path=(\S+)/.exec(spawnSync(command, ['-V'], { encoding: 'utf8' }).stderr)?.[1] ?? '';
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${join(folder.path, name)};`)
    .join(' ');
  const file = join(folder.path, 'nginx.conf');
  writeFileSync(
    file,
    `load_module ${join(modules, 'ngx_rtmp_module.so')};
     daemon off; master_process off; user root; pid ${join(folder.path, 'pid')}; error_log stderr;
     events { worker_connections 256; }
     rtmp {
       access_log off;
       server {
         listen 127.0.0.1:${rtmp};
         application live { live on; hls on; hls_path ${join(folder.path, 'hls')}; hls_fragment 1s; hls_playlist_length 30s; }
       }
     }
     http {
       access_log off; ${temporary}
       types { application/vnd.apple.mpegurl m3u8; video/mp2t ts; }
       server { listen 127.0.0.1:${http}; location / { root ${join(folder.path, 'hls')}; } }
     }`,
  );
  const nginx = new ManagedProcess({
    name: 'nginx-rtmp',
    command,
    args: ['-p', folder.path, '-c', file, '-e', 'stderr'],
    cwd: folder.path,
    env: () => ({}),
    isReady: async () => (await fetch(`http://127.0.0.1:${http}/`).catch(() => undefined)) !== undefined,
  });
  await nginx.start();
  return {
    rtmpUrl: `rtmp://127.0.0.1:${rtmp}/live`,
    hlsUrl: `http://127.0.0.1:${http}`,
    stop: async () => {
      await nginx.stop();
      folder.remove();
    },
  };
}
