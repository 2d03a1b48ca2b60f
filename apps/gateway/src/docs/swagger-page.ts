import { documentPage } from '../html/document-page.ts';

/** The page around Swagger UI. Its script is in a file of its own: the content policy allows no inline one. */
export const swaggerPage = (): string =>
  documentPage({
    title: 'Millrace API',
    path: '/docs',
    // The class by which Swagger UI is dark; its style sheet goes first, so that ours has the last word.
    theme: 'dark-mode',
    head: `<link rel="stylesheet" href="/docs/assets/swagger-ui.css" />
        <link rel="stylesheet" href="/docs/assets/docs.css" />`,
    content: `<div id="swagger-ui"></div>
        <script src="/docs/assets/swagger-ui-bundle.js"></script>
        <script src="/docs/assets/initializer.js"></script>`,
  });

export const SWAGGER_INITIALIZER = `SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  persistAuthorization: false,
  validatorUrl: null,
});
`;

/** Swagger UI in the colours of the other pages. */
export const SWAGGER_STYLE = `body {
  padding-inline: max(0.5rem, env(safe-area-inset-left));
}

html.dark-mode {
  background: var(--ground);
}

html.dark-mode .swagger-ui {
  background: none;
}

html.dark-mode .swagger-ui .scheme-container {
  background: none;
  border-bottom: 1px solid var(--line);
  box-shadow: none;
}

.places,
.swagger-ui .wrapper {
  max-width: 64rem;
}

.swagger-ui main,
.swagger-ui header {
  display: block;
  max-width: none;
  margin: 0;
}

.swagger-ui section {
  padding: 0;
  border: 0;
  background: none;
}
`;
