// What a browser shows when an address answers with a problem.
import type { ProblemDocument } from '../http/problem-document.ts';
import { documentPage } from './document-page.ts';
import { html } from './html.ts';

export const problemPage = ({ type, title, status, detail, request_id: requestId }: ProblemDocument): string =>
  documentPage({
    title: `${title} · Millrace`,
    content: html`<main>
      <h1>${title}</h1>
      <p class="lead">${detail}</p>
      <p>Status ${String(status)} · <a href="${type}">What this means</a> · <a href="/">Go to the console</a></p>
      <p>Request <code>${requestId}</code></p>
    </main>`,
  });
