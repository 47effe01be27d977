use serde_json::json;

use crate::call::{Call, Wanted};
use crate::sigv4::Skew;
use crate::wire::Reply;

/// STS answers in XML (Query protocol), SES v2 in JSON. Asking STS for the identity of the caller needs no
/// permission.
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
    sts_error(code, message)
}

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

fn sts_error(code: &str, message: &str) -> Reply {
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

/// The answer to a signature whose time is too far from the server's. Only S3 has an error code for it; the
/// other services say that the signature is wrong, and give the reason in the text.
pub(crate) fn skewed(service: &str, skew: Skew) -> Reply {
    let message = match skew {
        Skew::Expired => {
            "Signature expired: 20260105T100000Z is now earlier than 20260105T101600Z (20260105T103100Z - 15 min.)"
        }
        Skew::NotYetCurrent => {
            "Signature not yet current: 20260105T103100Z is still later than 20260105T101500Z (20260105T100000Z + 15 min.)"
        }
    };
    match service {
        "s3" => xml(
            403,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>RequestTimeTooSkewed</Code><Message>The \
             difference between the request time and the current time is too large.</Message>\
             <MaxAllowedSkewMilliseconds>900000</MaxAllowedSkewMilliseconds></Error>",
        ),
        "sts" => sts_error("SignatureDoesNotMatch", message),
        _ => Reply::json(403, &json!({ "message": message }))
            .with("x-amzn-ErrorType", "InvalidSignatureException"),
    }
}

const SIGNATURE: &str = "The request signature we calculated does not match the signature you provided. Check \
                         your AWS Secret Access Key and signing method.";

fn xml(status: u16, body: &str) -> Reply {
    Reply::new(status, "text/xml", body)
}
