curl -X POST "$STRONGROOM/integration-credentials/" \
  -H "$AUTHENTICATION" \
  -H "Content-Type: application/json" \
  -d '{
    "provider": "salesforce",
    "dsn": "https://mycompany.salesforce.com",
    "access_token": "00D5g000001234567!AQYAQ...",
    "metadata": {
      "instance_url": "https://mycompany.salesforce.com",
      "api_version": "v58.0",
      "refresh_token": "5Aep861...",
      "token_type": "Bearer"
    }
  }'
