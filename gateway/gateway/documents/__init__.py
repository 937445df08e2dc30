"""Makes the OpenAPI documents of the gateway, and the pages that show them."""
