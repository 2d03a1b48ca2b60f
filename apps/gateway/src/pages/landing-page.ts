import { html } from '../html/html.ts';

/** The page at `/`: what this server is, and how to begin. */
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
              This server receives live streams from encoders over RTMP, serves them to viewers as HLS, and connects
              browsers to each other in rooms.
            </p>
          </header>
          <section>
            <h2>Publish</h2>
            <p>In OBS, open Settings → Stream, choose the service “Custom…” and fill in two fields:</p>
            <dl>
              <dt>Server</dt>
              <dd><code>${publicRtmpUrl}</code></dd>
              <dt>Stream key</dt>
              <dd>a stream key of your live stream, such as <code>mr_st_…</code></dd>
            </dl>
            <p>With ffmpeg:</p>
            <pre><code>ffmpeg -re -i video.mp4 -c:v libx264 -pix_fmt yuv420p -g 60 -c:a aac -f flv ${publicRtmpUrl}/STREAM_KEY</code></pre>
          </section>
          <section>
            <h2>Watch</h2>
            <p>Each live stream has a watch page at <code>/watch/</code> followed by its playback id.</p>
          </section>
          <section>
            <h2>Talk</h2>
            <p>
              Rooms are created through the REST API, and so are the links to join them. To find out whether calls work
              from your network, <a href="/check">check it</a>.
            </p>
          </section>
          <section>
            <h2>Build</h2>
            <p>
              Streams, keys, playback ids and rooms are created through the REST API:
              <a href="/docs">read its documentation</a>, download its <a href="/openapi.json">OpenAPI document</a>, or
              look up <a href="/docs/errors">an error</a>.
            </p>
          </section>
        </main>
      </body>
    </html>`;
