// The page that the `type` of every problem document points to.
import { PROBLEM_CODES } from '../http/problem-codes.ts';
import { documentPage } from '../html/document-page.ts';
import { html, raw } from '../html/html.ts';

export const errorsPage = (): string =>
  documentPage({
    title: 'Errors of the Millrace API',
    path: '/docs/errors',
    content: html`<main class="document">
      <h1>Errors</h1>
      <p>
        Every error answer is a problem document (RFC 9457). Programs act on its <code>code</code>; people read its
        <code>detail</code>.
      </p>
      <div class="table">
        <table>
          <thead>
            <tr>
              <th>Code</th>
              <th>Status</th>
              <th>Meaning</th>
              <th>What to do</th>
            </tr>
          </thead>
          <tbody>
            ${raw(
              Object.entries(PROBLEM_CODES)
                .map(
                  ([code, { status, title, help }]) =>
                    html`<tr id="${code}">
                      <td><code>${code}</code></td>
                      <td>${String(status)}</td>
                      <td>${title}</td>
                      <td>${raw(withCode(help))}</td>
                    </tr>`,
                )
                .join(''),
            )}
          </tbody>
        </table>
      </div>
    </main>`,
  });

/** What is between backquotes is code. */
const withCode = (text: string): string =>
  text
    .split('`')
    .map((part, i) => (i % 2 === 0 ? html`${part}` : html`<code>${part}</code>`))
    .join('');
