// Links that open the console for one purpose carry a token after `#`, which no server sees and no log contains.
import { BASE } from '../routing.tsx';

const KINDS = ['login', 'invitation', 'reset'] as const;

export interface LinkToken {
  readonly kind: (typeof KINDS)[number];
  readonly token: string;
}

/** The token in a fragment such as `#login=mr_lc_…`. */
export function readLinkToken(fragment: string): LinkToken | undefined {
  const values = new URLSearchParams(fragment.replace(/^#/, ''));
  for (const kind of KINDS) {
    const token = values.get(kind);
    if (token !== null && token !== '') return { kind, token };
  }
  return undefined;
}

/** Reads the token and removes it from the address, so that neither the history nor a copied address has it. */
export function takeLinkToken(): LinkToken | undefined {
  const link = readLinkToken(location.hash);
  if (link !== undefined) history.replaceState({}, '', location.pathname + location.search);
  return link;
}

/** Where the identity provider sends browsers back to. */
const OIDC_PATH = `${BASE}/oidc`;

/** The provider's answer in the address of this page, which forgets it. undefined: it is another page. */
export function takeOidcResponse(): string | undefined {
  if (location.pathname !== OIDC_PATH) return undefined;
  const response = location.search.slice(1);
  history.replaceState({}, '', `${BASE}/`);
  return response === '' ? undefined : response;
}
