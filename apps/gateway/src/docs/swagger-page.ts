import { html } from '../pages/html.ts';

/** The page around Swagger UI. Its script stands in a file of its own: the content policy allows no inline one. */
export const swaggerPage = (): string =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Millrace API</title>
        <link rel="icon" href="/assets/console/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/docs/assets/swagger-ui.css" />
      </head>
      <body>
        <div id="swagger-ui"></div>
        <script src="/docs/assets/swagger-ui-bundle.js"></script>
        <script src="/docs/assets/initializer.js"></script>
      </body>
    </html>`;

export const SWAGGER_INITIALIZER = `SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  persistAuthorization: false,
  validatorUrl: null,
});
`;
