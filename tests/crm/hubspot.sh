curl -X POST "$STRONGROOM/integration-credentials/" \
  -H "$AUTHENTICATION" \
  -H "Content-Type: application/json" \
  -d '{
    "provider": "hubspot",
    "dsn": "https://api.hubapi.com",
    "access_token": "pat-na1-1234567890abcdef",
    "metadata": {
      "portal_id": "12345678",
      "scopes": ["contacts", "companies", "deals"]
    }
  }'
