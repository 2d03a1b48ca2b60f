import { html, raw } from './html.ts';

/** The links that lead from each page of text to the others. */
const PLACES: readonly (readonly [path: string, name: string])[] = [
  ['/', 'Millrace'],
  ['/docs', 'API'],
  ['/docs/errors', 'Errors'],
  ['/check', 'Network check'],
];

export interface DocumentPage {
  readonly title: string;
  /** The path of the page itself; none for a page that has no place of its own. */
  readonly path?: string;
  /** More style sheets and the like, as HTML. */
  readonly head?: string;
  /** As HTML. */
  readonly content: string;
  /** Classes of the root element. */
  readonly theme?: string;
}

/** A page to read, with the links to the others above it. */
export const documentPage = ({ title, path = '', head = '', content, theme = '' }: DocumentPage): string =>
  html`<!doctype html>
    <html lang="en" class="${theme}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="dark" />
        <title>${title}</title>
        <link rel="icon" href="/assets/console/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/console/page.css" />
        ${raw(head)}
      </head>
      <body>
        <nav class="places" aria-label="Millrace">${raw(PLACES.map((place) => linkTo(place, path)).join(''))}</nav>
        ${raw(content)}
      </body>
    </html>`;

const linkTo = ([path, name]: readonly [string, string], here: string): string =>
  path === here ? html`<a href="${path}" aria-current="page">${name}</a>` : html`<a href="${path}">${name}</a>`;
