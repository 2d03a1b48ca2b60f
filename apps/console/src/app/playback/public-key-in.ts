/** The field of a request for what a person pasted: a JWK is JSON, everything else is judged as PEM by the server. */
export function publicKeyIn(text: string): { readonly public_jwk: unknown } | { readonly public_key: string } {
  if (!text.startsWith('{')) return { public_key: `${text}\n` };
  try {
    return { public_jwk: JSON.parse(text) as unknown };
  } catch {
    return { public_key: text };
  }
}
