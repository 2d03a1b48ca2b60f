import { html } from './html.ts';

/** What stands at `/`: what this server is, and how to begin. */
export const landingPage = (publicRtmpUrl: string): string =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
        <meta name="color-scheme" content="dark" />
        <title>Millrace</title>
        <link rel="icon" href="/assets/console/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/console/page.css" />
      </head>
      <body>
        <main>
          <header>
            <img src="/assets/console/icon.svg" alt="" width="56" height="56" />
            <h1>Millrace</h1>
            <p class="lead">
              This server takes live streams from encoders by RTMP, gives them to viewers as HLS, and lets browsers talk
              to each other in rooms.
            </p>
          </header>
          <section>
            <h2>Publish</h2>
            <p>In OBS: Settings, Stream, Service “Custom…”, then these two fields.</p>
            <dl>
              <dt>Server</dt>
              <dd><code>${publicRtmpUrl}</code></dd>
              <dt>Stream key</dt>
              <dd>a key of your live stream, such as <code>mr_st_…</code></dd>
            </dl>
            <p>With ffmpeg:</p>
            <pre><code>ffmpeg -re -i video.mp4 -c:v libx264 -pix_fmt yuv420p -g 60 -c:a aac -f flv ${publicRtmpUrl}/STREAM_KEY</code></pre>
          </section>
          <section>
            <h2>Watch</h2>
            <p>Every live stream has a page of its own: <code>/watch/</code> and its playback id.</p>
          </section>
          <section>
            <h2>Talk</h2>
            <p>
              Rooms are made by REST; every link into one leads to <code>/call/</code> and the room, and whoever opens
              it talks. Whether calls get through from where you are: <a href="/check">check this network</a>.
            </p>
          </section>
          <section>
            <h2>Build</h2>
            <p>
              Streams, keys, playback ids and rooms are made by REST: <a href="/docs">read the API</a>, or fetch its
              <a href="/openapi.json">description</a>. The errors are <a href="/docs/errors">explained here</a>.
            </p>
          </section>
        </main>
      </body>
    </html>`;
