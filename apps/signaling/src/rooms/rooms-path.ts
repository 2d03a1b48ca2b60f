/** Where the WebSocket is. */
export const ROOMS_PATH = '/v1/rooms';
