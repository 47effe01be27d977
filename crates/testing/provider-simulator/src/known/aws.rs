use serde_json::json;

use crate::stage::{Call, Wanted};
use crate::wire::Reply;

/// STS speaks XML (Query protocol), SES v2 speaks JSON. The identity of a caller needs no permission.
pub(crate) fn reply(call: &Call<'_>, wanted: Wanted) -> Option<Reply> {
    if call.host.starts_with("sts.") && call.path == "/" {
        Some(sts(wanted))
    } else if call.host.starts_with("email.") && call.path == "/v2/email/account" {
        Some(ses(call.received.header("x-amz-date").unwrap_or_default(), wanted))
    } else {
        None
    }
}

fn sts(wanted: Wanted) -> Reply {
    const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";
    let (code, message) = match wanted {
        Wanted::Accept | Wanted::Denied => {
            return xml(
                200,
                &format!(
                    "<GetCallerIdentityResponse xmlns=\"{NAMESPACE}\">\n  <GetCallerIdentityResult>\n    \
                 <Arn>arn:aws:iam::123456789012:user/rehearsal</Arn>\n    \
                 <UserId>AIDAREHEARSALREHEARSAL</UserId>\n    <Account>123456789012</Account>\n  \
                 </GetCallerIdentityResult>\n  <ResponseMetadata>\n    \
                 <RequestId>01234567-89ab-cdef-0123-456789abcdef</RequestId>\n  </ResponseMetadata>\n\
                 </GetCallerIdentityResponse>\n"
                ),
            );
        }
        Wanted::Reject => ("InvalidClientTokenId", "The security token included in the request is invalid."),
        Wanted::WrongSignature => ("SignatureDoesNotMatch", SIGNATURE),
    };
    xml(
        403,
        &format!(
            "<ErrorResponse xmlns=\"{NAMESPACE}\">\n  <Error>\n    <Type>Sender</Type>\n    <Code>{code}</Code>\n    \
         <Message>{message}</Message>\n  </Error>\n  \
         <RequestId>01234567-89ab-cdef-0123-456789abcdef</RequestId>\n</ErrorResponse>\n"
        ),
    )
}

fn ses(date: &str, wanted: Wanted) -> Reply {
    let error = |kind: &str, message: &str| {
        Reply::json(403, &json!({ "message": message })).with("x-amzn-ErrorType", kind)
    };
    let reply = match wanted {
        Wanted::Accept => Reply::json(
            200,
            &json!({
                "DedicatedIpAutoWarmupEnabled": true,
                "EnforcementStatus": "HEALTHY",
                "ProductionAccessEnabled": false,
                "SendQuota": { "Max24HourSend": 200.0, "MaxSendRate": 1.0, "SentLast24Hours": 0.0 },
                "SendingEnabled": true
            }),
        ),
        Wanted::Reject => {
            error("UnrecognizedClientException", "The security token included in the request is invalid.")
        }
        Wanted::WrongSignature => error("InvalidSignatureException", SIGNATURE),
        Wanted::Denied => error(
            "AccessDeniedException",
            "User: arn:aws:iam::123456789012:user/rehearsal is not authorized to perform: ses:GetAccount",
        ),
    };
    reply.with("x-amzn-RequestId", format!("rehearsal-{date}"))
}

const SIGNATURE: &str = "The request signature we calculated does not match the signature you provided. Check \
                         your AWS Secret Access Key and signing method.";

fn xml(status: u16, body: &str) -> Reply {
    Reply::new(status, "text/xml", body)
}
