"""The OpenAPI documents as the gateway shows them, and the pages that show them."""
