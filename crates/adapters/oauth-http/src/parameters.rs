use strongroom_declared_http::{Place, Refusal, Template, Values};
use strongroom_domain::{Json, Rule, SecretText};

/// The parameters in the body of a request: names and values, each name once (RFC 6749, section 3.2).
#[derive(Default)]
pub(crate) struct Parameters(Vec<(String, SecretText)>);

impl Parameters {
    /// Adds a parameter, unless there is one of that name already.
    pub(crate) fn add(&mut self, name: &str, value: SecretText) {
        if self.0.iter().all(|(known, _)| known != name) {
            self.0.push((name.to_owned(), value));
        }
    }

    /// Adds a parameter that is not secret.
    pub(crate) fn say(&mut self, name: &str, value: &str) {
        self.add(name, SecretText::new(value.to_owned()));
    }

    /// Adds the parameters of a provider file, except those with an absent variable.
    pub(crate) fn add_declared(
        &mut self,
        declared: &[(String, Template)],
        values: &Values<'_>,
    ) -> Result<(), Refusal> {
        for (name, template) in declared {
            if let Some(value) = values.fill(template, Place::Raw)? {
                self.add(name, value);
            }
        }
        Ok(())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Encodes the parameters as `application/x-www-form-urlencoded`.
    pub(crate) fn form(&self) -> SecretText {
        let encoded = |text: &str| Place::Parameter.literal(text);
        let pairs: Vec<_> =
            self.0.iter().map(|(name, value)| (encoded(name), encoded(value.expose()))).collect();
        let texts = pairs.iter().enumerate().flat_map(|(at, (name, value))| {
            [if at == 0 { "" } else { "&" }, name.expose(), "=", value.expose()]
        });
        let texts: Vec<&str> = texts.collect();
        SecretText::new(texts.concat())
    }

    /// Encodes the parameters as a JSON object of texts.
    pub(crate) fn json(self) -> Result<SecretText, Rule> {
        Json::Object(self.0.into_iter().map(|(name, value)| (name, Json::Text(value))).collect()).to_text()
    }
}
