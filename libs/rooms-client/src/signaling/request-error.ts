/** The server said no, or said nothing. */
export class RequestError extends Error {
  constructor(
    readonly code: string,
    detail: string,
  ) {
    super(detail);
    this.name = 'RequestError';
  }
}
