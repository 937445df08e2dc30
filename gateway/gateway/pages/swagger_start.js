// Starts Swagger UI with a selector of services. A file of its own, as the page's policy
// (Content-Security-Policy) allows no script inside the page.
const page = document.getElementById("swagger-ui");
window.ui = SwaggerUIBundle({
  dom_id: "#swagger-ui",
  urls: page.dataset.services.split(" ").map((name) => ({ name, url: `/openapi/${name}.json` })),
  "urls.primaryName": page.dataset.first,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: "StandaloneLayout",
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
