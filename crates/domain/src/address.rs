//! Addresses that people paste where a field wants a part of them.

use regex::Regex;

/// The form of an address from which the value of a field follows: whoever opens a shop in a browser copies
/// `https://example.myshopify.com/admin`, and the field wants `example`.
#[derive(Debug, Clone)]
pub struct PastedAddress {
    /// Matches the whole text.
    form: Regex,
    /// The value, in which `$1`, `$2`, … stand for what the text has in place of each `*`.
    value: String,
}

impl PastedAddress {
    /// Reads a form and the value that follows from it. In a form, such as `*.myshopify.com` or
    /// `admin.shopify.com/store/*`, each `*` stands for letters, digits, `-`, `_` and, in the host, dots. The
    /// text may begin with `http://` or `https://`, its host may be in any case and have the port 443, and
    /// further parts of the path, a query and a fragment do not count. In `value` the parts are written with
    /// as many `*`, in the same order.
    ///
    /// Returns `None` when the form has other characters, or the value not as many `*`.
    pub fn parse(form: &str, value: &str) -> Option<Self> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/' | '*');
        let stars = |text: &str| text.matches('*').count();
        let (host, path) = form.split_at(form.find('/').unwrap_or(form.len()));
        if host.is_empty() || !form.chars().all(allowed) || stars(form) != stars(value) {
            return None;
        }
        let pattern = |text: &str, star: &str| regex::escape(text).replace(r"\*", star);
        let host = pattern(host, r"([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)");
        let path = pattern(path, "([A-Za-z0-9_-]+)");
        let form =
            Regex::new(&format!(r"^\s*(?i:(?:https?://)?{host})(?::443)?{path}(?:[/?#].*)?\s*$")).ok()?;
        let mut pieces = value.replace('$', "$$");
        for at in 1..=stars(value) {
            pieces = pieces.replacen('*', &format!("${{{at}}}"), 1);
        }
        Some(Self { form, value: pieces })
    }

    /// The value that follows from a text of this form.
    pub fn value_of(&self, text: &str) -> Option<String> {
        let captures = self.form.captures(text)?;
        let mut value = String::new();
        captures.expand(&self.value, &mut value);
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::PastedAddress;

    fn value(form: &str, value: &str, text: &str) -> Option<String> {
        PastedAddress::parse(form, value).unwrap().value_of(text)
    }

    #[test]
    fn the_part_that_a_field_wants_is_taken_from_an_address() {
        let shop = |text| value("*.myshopify.com", "*", text);
        for text in [
            "example.myshopify.com",
            "https://example.myshopify.com",
            "https://example.myshopify.com/",
            "HTTPS://example.MyShopify.com:443/admin?x=1#y",
            " http://example.myshopify.com ",
        ] {
            assert_eq!(shop(text).as_deref(), Some("example"), "{text}");
        }
        let admin = "https://admin.shopify.com/store/example/products?tab=1";
        assert_eq!(value("admin.shopify.com/store/*", "*", admin).as_deref(), Some("example"));
        let region = "xy12345.eu-central-1.snowflakecomputing.com";
        assert_eq!(value("*.snowflakecomputing.com", "*", region).as_deref(), Some("xy12345.eu-central-1"));
        let okta = value("*-admin.*", "*.*", "https://example-admin.okta.com/admin/dashboard");
        assert_eq!(okta.as_deref(), Some("example.okta.com"));
        let setup =
            value("*.lightning.force.com", "https://*.my.salesforce.com", "a--b.sandbox.lightning.force.com");
        assert_eq!(setup.as_deref(), Some("https://a--b.sandbox.my.salesforce.com"));
    }

    #[test]
    fn other_texts_are_no_address_of_the_form() {
        for text in [
            "example",
            "myshopify.com",
            ".myshopify.com",
            "example.myshopify.com.evil.example.com",
            "https://example.myshopify.com@evil.example.com/",
            "https://user@example.myshopify.com/",
            "https://example.myshopify.com:8443/",
            "https://evil.example.com/example.myshopify.com",
            "https://evil.example.com\\.myshopify.com",
            "ftp://example.myshopify.com",
            "exämple.myshopify.com",
        ] {
            assert_eq!(value("*.myshopify.com", "*", text), None, "{text}");
        }
    }

    #[test]
    fn a_form_with_other_characters_or_another_number_of_stars_is_refused() {
        for (form, value) in
            [("", ""), ("/a", ""), ("*.a.com", "b"), ("a.com", "*"), ("(a|b).com", "a"), ("a b", "a")]
        {
            assert!(PastedAddress::parse(form, value).is_none(), "{form}");
        }
        assert_eq!(value("a.com", "b$1", "a.com").as_deref(), Some("b$1"));
    }
}
