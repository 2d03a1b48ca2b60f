// The address of the server, checked before a client is made of it.

/** @throws TypeError when it is no address of Redis; it may hold a password, so it is not repeated */
export function assertRedisUrl(url: string): void {
  const protocol = URL.canParse(url) ? new URL(url).protocol : undefined;
  if (protocol !== 'redis:' && protocol !== 'rediss:')
    throw new TypeError('live store: the URL must look like redis://host:port, or rediss:// for TLS');
}
