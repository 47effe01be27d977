curl -X PUT "$STRONGROOM/integration-credentials/$CREDENTIAL" \
  -H "$AUTHENTICATION" \
  -H "Content-Type: application/json" \
  -d '{
    "access_token": "NEW_ACCESS_TOKEN_HERE",
    "metadata": {
      "refresh_token": "NEW_REFRESH_TOKEN"
    }
  }'
