// The same floors as floor.c, in plain Node: what the runtime itself costs.
//   node floor.mjs sink|write|fan|udp|playlists PORT [DIR|PORT_OUT|PAIRS]
import dgram from 'node:dgram';
import http from 'node:http';
import net from 'node:net';
import fs from 'node:fs';
import path from 'node:path';

const [mode, portArg, extra] = process.argv.slice(2);
const port = Number(portArg);
const host = '127.0.0.1';

if (mode === 'sink' || mode === 'fan' || mode === 'write') {
  const outs = new Set();
  let next = 0;
  net
    .createServer({ noDelay: true }, (s) => {
      const id = next++;
      let fd = -1,
        n = 0,
        seq = 0;
      s.on('error', () => {});
      s.on('data', (b) => {
        for (const o of outs) o.write(b);
        if (mode !== 'write') return;
        if (fd < 0) fd = fs.openSync(path.join(extra, `${id}-${seq}.seg`), 'w');
        fs.writeSync(fd, b);
        n += b.length;
        if (n >= 640000) {
          fs.closeSync(fd);
          fd = -1;
          n = 0;
          fs.rmSync(path.join(extra, `${id}-${seq - 5}.seg`), { force: true });
          seq++;
        }
      });
    })
    .listen(port, host);
  if (mode === 'fan') {
    net
      .createServer({ noDelay: true }, (s) => {
        outs.add(s);
        s.on('error', () => {});
        s.on('close', () => outs.delete(s));
        s.resume();
      })
      .listen(Number(extra), host);
  }
} else if (mode === 'udp') {
  // Ports 2i and 2i+1 are a pair; the last address seen on one is where the other's datagrams go. One byte says hello.
  const open = (at) => {
    const socket = dgram.createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
    const side = { socket, port: 0, other: undefined };
    socket.on('message', (bytes, from) => {
      if (bytes.length === 1) side.port = from.port;
      else if (side.other.port > 0) side.other.socket.send(bytes, side.other.port, host);
    });
    socket.bind(at, host);
    return side;
  };
  for (let pair = 0; pair < Number(extra); pair++) {
    const client = open(port + 2 * pair);
    const peer = open(port + 2 * pair + 1);
    client.other = peer;
    peer.other = client;
  }
} else if (mode === 'playlists') {
  // Requests with a query wait for the next part, which comes every half second. A playlist has four parts a segment and fifteen segments.
  const head = '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n';
  const segment =
    '#EXT-X-PROGRAM-DATE-TIME:2026-11-30T12:00:00.000Z\n' + '#EXT-X-PART:DURATION=0.5,URI="v10.0.m4s"\n'.repeat(4);
  let made = 60;
  const held = new Set();
  const answer = (response) => {
    const whole = Math.floor(made / 4);
    const open = '#EXT-X-PART:DURATION=0.5,URI="v11.0.m4s"\n'.repeat(made % 4);
    const text = `${head}${(segment + '#EXTINF:2,\nv10.m4s\n').repeat(15)}${open}`.replace(
      'SEQUENCE:0',
      `SEQUENCE:${whole - 15}`,
    );
    response
      .writeHead(200, { 'content-type': 'application/vnd.apple.mpegurl', 'content-length': text.length })
      .end(text);
  };
  http
    .createServer((request, response) => (request.url.includes('?') ? held.add(response) : answer(response)))
    .listen(port, host);
  setInterval(() => {
    made++;
    for (const response of held) answer(response);
    held.clear();
  }, 500);
} else {
  console.error('usage: floor.mjs sink|write|fan|udp|playlists PORT [DIR|PORT_OUT|PAIRS]');
  process.exit(2);
}
