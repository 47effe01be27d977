# One key is good and the other is not: 422, and nothing is stored.
curl -sS -H "$ADMIN" -H "$JSON" $API/v1/integrations/datadog/credentials -d '{
  "credentials": {"api_key": "good-api-key", "application_key": "bad-application-key"}}' | jq -r .message

CREDENTIAL=$(curl -sS --fail-with-body -H "$ADMIN" -H "$JSON" $API/v1/integrations/datadog/credentials -d '{
  "credentials": {"api_key": "good-api-key", "application_key": "good-application-key"},
  "label": "Production"}' | jq -r .credentialId)
curl -sS --fail-with-body -H "$ADMIN" -H "$JSON" $API/v1/integrations/datadog/connect -d "{\"credentialId\": \"$CREDENTIAL\"}" | jq .
curl -sS --fail-with-body -H "$ADMIN" "$API/v1/integrations?status=connected" | jq -r '.items[] | "\(.provider) \(.status) \(.connectedBy)"'
curl -sS --fail-with-body -X DELETE -H "$ADMIN" $API/v1/integrations/datadog/connect
