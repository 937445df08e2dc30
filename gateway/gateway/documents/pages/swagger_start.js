// Starts Swagger UI with a selector of services, and of all together. A file of its own, as the page's policy
// (Content-Security-Policy) allows no script inside the page.
const page = document.getElementById("swagger-ui");
const services = page.dataset.services.split(" ");
window.ui = SwaggerUIBundle({
  dom_id: "#swagger-ui",
  urls: [
    ...services.map((name) => ({ name, url: `/openapi/${name}.json` })),
    { name: "all", url: "/openapi.json" },
  ],
  "urls.primaryName": page.dataset.first,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: "StandaloneLayout",
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
