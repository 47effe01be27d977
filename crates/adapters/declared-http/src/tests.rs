use std::collections::BTreeMap;

use strongroom_domain::{
    ConfigValue, Content, CredentialType, Field, FieldKind, Provider, ProviderId, SecretText, Violation,
};

use super::{Place, Refusal, Target, Values, pairs};
use crate::steps::{HttpTest, OriginTemplate};
use crate::template::{Choice, Template, TemplatePart, VariableForm};

const TYPE: CredentialType = CredentialType::Oauth2;

fn field(name: &str, secret: bool) -> Field {
    Field {
        name: name.to_owned(),
        label: name.to_owned(),
        kind: FieldKind::Text,
        secret,
        destination: false,
        addresses: Vec::new(),
        pattern: None,
        choices: Vec::new(),
        example: None,
        default: None,
        types: [TYPE].into(),
    }
}

fn provider() -> Provider {
    let region = Field { default: Some("us".to_owned()), ..field("region", false) };
    Provider {
        id: ProviderId::parse("acme").unwrap(),
        display_name: "Acme".to_owned(),
        description: "Anvils.".to_owned(),
        category: "crm".to_owned(),
        docs_url: None,
        fields: vec![field("tenant", false), field("token", true), region],
        types: BTreeMap::new(),
        test: None,
        oauth: None,
        connect: None,
        crm: None,
    }
}

fn content(tenant: &str) -> Content {
    let mut content = Content::default();
    content.config.insert("tenant", ConfigValue::Text(tenant.to_owned()));
    content.secret.insert("token", SecretText::new("good-token".to_owned()));
    content
}

fn variable(name: &str) -> TemplatePart {
    TemplatePart::Variable { name: name.to_owned(), form: VariableForm::Plain }
}

fn template(before: &str, name: &str, after: &str) -> Template {
    let literal = |text: &str| TemplatePart::Literal(text.to_owned());
    Template(vec![literal(before), variable(name), literal(after)])
}

fn host(host: Template) -> OriginTemplate {
    OriginTemplate::Host { plain_http: false, host, port: None, hosts: vec![".acme.com".to_owned()] }
}

#[test]
fn an_address_leads_to_the_provider_or_nowhere() {
    let (provider, none, path) = (provider(), BTreeMap::new(), template("/", "tenant", "/token"));
    let origin = host(template("", "tenant", ".acme.com"));
    let query = [("p".to_owned(), template("a b", "tenant", "")), ("q".to_owned(), template("", "none", ""))];
    let of = |tenant: &str| {
        let content = content(tenant);
        Target::of(&origin, &path, &query, &Values::for_grant(&provider, TYPE, &content, &none))
    };
    let target = of("Jane").unwrap();
    assert_eq!(target.url.expose(), "https://jane.acme.com/Jane/token?p=a%20bJane");
    assert_eq!(target.path_and_query.expose(), "/Jane/token?p=a%20bJane");
    assert_eq!((&*target.host, &*target.authority), ("jane.acme.com", "jane.acme.com"));
    assert_eq!((target.port, target.port_is_fixed, target.plain_http), (443, true, false));
    for tenant in
        ["evil.com/", "x@evil.com", "evil.com:80", "..", "", "a_b", "ü", "evil.com\\", "a\r\nb", "%2e"]
    {
        assert_eq!(of(tenant).unwrap_err().field, "tenant", "{tenant:?}");
    }
}

#[test]
fn the_origin_of_a_field_must_be_on_the_list() {
    let (provider, none) = (provider(), BTreeMap::new());
    let origin = OriginTemplate::Field {
        name: "tenant".to_owned(),
        keep_path: true,
        hosts: vec!["acme.com".to_owned(), ".acme.com".to_owned()],
    };
    let of = |url: &str| {
        let content = content(url);
        Target::of(
            &origin,
            &Template::literal("/t"),
            &[],
            &Values::for_grant(&provider, TYPE, &content, &none),
        )
    };
    assert_eq!(of("https://a.ACME.com/x/").unwrap().url.expose(), "https://a.acme.com/x/t");
    assert!(!of("https://acme.com:8443").unwrap().port_is_fixed);
    for url in
        ["https://evilacme.com", "https://a.acme.com@evil.com", "https://acme.com/..", "ftp://acme.com"]
    {
        assert_eq!(of(url).unwrap_err().field, "tenant", "{url}");
    }
}

#[test]
fn a_value_is_written_as_its_place_asks() {
    let written = |place: Place, text: &str| place.value(text, false).map(|text| text.expose().to_owned());
    assert_eq!(written(Place::Parameter, "a b&c=ü").unwrap(), "a%20b%26c%3D%C3%BC");
    assert_eq!(written(Place::Path, "a/b").unwrap(), "a%2Fb");
    assert_eq!(written(Place::Host, "A.B.").unwrap(), "a.b");
    assert_eq!(written(Place::Raw, "a:ü").unwrap(), "a:ü");
    assert!(written(Place::Header, "ü").is_err());
    for place in [Place::Host, Place::Path, Place::Parameter, Place::Header, Place::Raw] {
        assert!(written(place, "a\r\nb").is_err(), "{place:?}");
    }
}

#[test]
fn a_field_that_is_missing_is_asked_for_in_the_words_of_the_purpose() {
    let (provider, empty, none) = (provider(), Content::default(), BTreeMap::new());
    let needed = template("", "tenant", "");
    let test = HttpTest::default();
    let refusal = Values::for_test(&provider, TYPE, &empty, &test).require(&needed, Place::Raw).unwrap_err();
    assert_eq!(refusal.to_string(), "The field `tenant` is needed for a test.");
    let refusal = Values::for_grant(&provider, TYPE, &empty, &none).require(&needed, Place::Raw).unwrap_err();
    assert_eq!(refusal, Refusal::missing("tenant", "is required"));
    assert!(Violation::from(refusal).rule.asks_for_a_value());
}

#[test]
fn secrets_are_absent_where_only_public_fields_may_stand() {
    let (provider, content, none) = (provider(), content("jane"), BTreeMap::new());
    let form = [("a".to_owned(), template("", "token", "")), ("b".to_owned(), template("", "region", ""))];
    let values = Values::for_grant(&provider, TYPE, &content, &none);
    assert_eq!(pairs(&form, &values).unwrap().expose(), "a=good-token&b=us");
    assert_eq!(pairs(&form, &values.public_only()).unwrap().expose(), "b=us");
    assert!(!values.public_only().has("token") && values.has("token"));
    assert_eq!((values.secrets().count(), values.public_only().secrets().count()), (1, 0));
}

#[test]
fn choices_count_for_a_grant() {
    let values = [("us".to_owned(), "com".to_owned())].into();
    let choice = Choice { field: "region".to_owned(), values, default: None, otherwise: None };
    let choices = [("ending".to_owned(), choice)].into();
    let (provider, mut content) = (provider(), content("jane"));
    let ending = template("acme.", "ending", "");
    let written = |content: &Content| {
        let values = Values::for_grant(&provider, TYPE, content, &choices);
        values.require(&ending, Place::Host).map(|text| text.expose().to_owned())
    };
    assert_eq!(written(&content).unwrap(), "acme.com");
    content.config.insert("region", ConfigValue::Text("eu".to_owned()));
    let refusal = written(&content).unwrap_err();
    assert_eq!(refusal, Refusal::of("region", "is none of the values that this provider takes"));
}
