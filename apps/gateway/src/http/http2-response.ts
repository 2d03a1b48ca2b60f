// Responses of HTTP/2, for code that otherwise knows those of HTTP/1.1.
import type { ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';

/** What `ServerResponse` has and Node's class for HTTP/2 has not: how far the response has come, as its stream tells it. */
export function completeResponse(response: Http2ServerResponse): void {
  const { stream } = response;
  Object.defineProperties(response, {
    closed: { get: () => stream.closed || stream.destroyed },
    destroyed: { get: () => stream.destroyed },
    writableLength: { get: () => stream.bufferSize },
    writableFinished: { get: () => stream.writableFinished },
  });
}

/** Whether it is sent on one of the many streams of a connection. */
export const isHttp2 = ({ req }: ServerResponse): boolean => req.httpVersionMajor === 2;

/** Ends the connection with this response. */
export function closeAfter(response: ServerResponse): void {
  if (isHttp2(response)) (response as unknown as Http2ServerResponse).stream.session?.close();
  else if (!response.headersSent) response.setHeader('connection', 'close');
}
