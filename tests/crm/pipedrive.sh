curl -X POST "$STRONGROOM/integration-credentials/" \
  -H "$AUTHENTICATION" \
  -H "Content-Type: application/json" \
  -d '{
    "provider": "pipedrive",
    "dsn": "https://mycompany.pipedrive.com",
    "access_token": "1a2b3c4d5e6f7g8h9i0j",
    "metadata": {
      "company_domain": "mycompany",
      "api_token": "1a2b3c4d5e6f7g8h9i0j"
    }
  }'
