//! What the tokens of an issuer may say, and where they say it, as an operator sets it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use strongroom_domain::violation::Rule;
use strongroom_domain::{OrganizationId, Role};

/// The rules for the tokens of one issuer.
#[derive(Debug, Clone)]
pub struct TokenRules {
    /// Whom its tokens must be for.
    pub audience: Audience,
    /// The organisations that it may speak for.
    pub organization: OrganizationRule,
    /// The claim with the id of the principal; none means `sub`.
    pub subject_claim: Option<ClaimPath>,
    /// The claim with the roles: an array of strings, a string with commas or spaces between them, or an
    /// object with a member for each; none means the array `roles` and the string `role`.
    pub roles_claim: Option<ClaimPath>,
    /// The role here of each role there; once it is set, roles that are not in it grant nothing. Without it
    /// roles are called as they are here.
    pub role_map: Option<RoleMap>,
    /// The claim with the scopes of a program, a string with spaces or an array of strings; none means the
    /// string `scope`.
    pub scope_claim: Option<ClaimPath>,
    /// What marks the token of a program; none means `principal_type`, which is `service` or `user` or
    /// absent.
    pub service_mark: Option<ServiceMark>,
    /// The kinds of principals that it may speak for.
    pub principals: Principals,
    /// How far ahead `exp` may lie when a token is used, with a leeway of 60 seconds.
    pub max_lifetime: Option<Duration>,
}

impl TokenRules {
    /// Tokens for one audience, and no other limit.
    pub fn for_audience(audience: impl Into<String>) -> Self {
        Self {
            audience: Audience::OneOf(BTreeSet::from([audience.into()])),
            organization: OrganizationRule::Claimed { claim: None, only: None },
            subject_claim: None,
            roles_claim: None,
            role_map: None,
            scope_claim: None,
            service_mark: None,
            principals: Principals::Both,
            max_lifetime: None,
        }
    }
}

/// Whom tokens must be for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// `aud` must contain one of these.
    OneOf(BTreeSet<String>),
    /// There is no `aud`; `azp`, `client_id` or both are there and name one of these clients.
    Clients(BTreeSet<String>),
}

impl Audience {
    /// Audiences, or ids of clients, separated by commas; white space around them is cut off.
    ///
    /// # Errors
    /// An empty list, or an empty entry.
    pub fn list(text: &str) -> Result<BTreeSet<String>, Rule> {
        entries(text, |entry| Ok(entry.to_owned()))
    }

    /// Whether nobody, or the empty text, would be accepted.
    pub(super) fn is_empty(&self) -> bool {
        let (Self::OneOf(known) | Self::Clients(known)) = self;
        known.is_empty() || known.contains("")
    }
}

/// The organisations that an issuer may speak for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrganizationRule {
    /// All of its tokens are for this organisation, whatever they say.
    Fixed(OrganizationId),
    /// A claim names the organisation.
    Claimed {
        /// The claim; none means `org_id`, or `tenant_id` where that is absent.
        claim: Option<ClaimPath>,
        /// The organisations that may be named; none means any.
        only: Option<BTreeSet<OrganizationId>>,
    },
}

impl OrganizationRule {
    /// Ids of organisations, separated by commas.
    ///
    /// # Errors
    /// An empty list, or an entry that is no id of an organisation.
    pub fn list(text: &str) -> Result<BTreeSet<OrganizationId>, Rule> {
        entries(text, OrganizationId::parse)
    }
}

/// The place of a claim in the payload of a token: its name, or a JSON pointer (RFC 6901).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimPath {
    /// The member of the payload.
    pub(super) member: String,
    /// A JSON pointer below that member; empty for the member itself.
    pub(super) rest: String,
}

impl ClaimPath {
    /// Reads a name, or a JSON pointer when the text begins with `/`: 1 to 255 printable characters.
    ///
    /// A name may be a URL (`https://acme.example/roles`) or have colons (`cognito:groups`). What looks like
    /// a way into a claim and is no JSON pointer would never be found, so it is refused:
    /// `realm_access.roles`, `realm_access/roles`, `$.roles`, `groups[0]`. A claim that is really called so
    /// has a pointer too: `/realm_access.roles`.
    ///
    /// # Errors
    /// Another length or other characters, what looks like another kind of path, a pointer without a name,
    /// and a `~` in a pointer that is neither `~0` nor `~1`.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        if !(1..=255).contains(&text.len()) || text.contains(char::is_control) || text.trim() != text {
            return Err(Rule::fixed("must be the name of a claim, or a JSON pointer that begins with /"));
        }
        let Some(pointer) = text.strip_prefix('/') else {
            return match looks_like_a_path(text) {
                true => Err(Rule::fixed(
                    "looks like a path and would be taken for a name: for a claim within a claim write a JSON \
                     pointer, such as /realm_access/roles or /groups/0; for a claim whose name has the dot write \
                     the name after one slash",
                )),
                false => Ok(Self { member: text.to_owned(), rest: String::new() }),
            };
        };
        let (member, rest) = pointer.split_at(pointer.find('/').unwrap_or(pointer.len()));
        let unfit = pointer.split('~').skip(1).any(|after| !after.starts_with(['0', '1']));
        if member.is_empty() || unfit {
            return Err(Rule::fixed(
                "must be a JSON pointer: /name/name, with ~1 for a slash and ~0 for a tilde",
            ));
        }
        Ok(Self { member: member.replace("~1", "/").replace("~0", "~"), rest: rest.to_owned() })
    }
}

/// Whether a text is rather a path into a claim than a claim's name. Names with a slash or a dot are URLs or
/// begin with a host, and URNs have colons.
fn looks_like_a_path(text: &str) -> bool {
    let is_namespaced = text.contains(':') || (text.contains('/') && text.contains('.'));
    text.starts_with('$') || text.contains(['[', ']']) || (!is_namespaced && text.contains(['.', '/']))
}

/// Writes the path as a setting does.
impl fmt::Display for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rest.is_empty() && !looks_like_a_path(&self.member) {
            true => f.write_str(&self.member),
            false => write!(f, "/{}{}", self.member.replace('~', "~0").replace('/', "~1"), self.rest),
        }
    }
}

/// What marks the token of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceMark {
    /// The claim that is looked at. Where it is absent the token is a person's.
    pub claim: ClaimPath,
    /// The text that the claim of a program has; every other text is a person's. Without it the claim is
    /// `true` or `"service"` for a program and `false` or `"user"` for a person, and anything else is
    /// refused.
    pub value: Option<String>,
}

impl ServiceMark {
    /// Reads `claim` or `claim=value`; the value is what follows the last `=`.
    ///
    /// # Errors
    /// What [`ClaimPath::parse`] refuses, and an empty value.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        let (claim, value) = match text.rsplit_once('=') {
            Some((_, "")) => return Err(Rule::fixed("must have a text after its =")),
            Some((claim, value)) => (claim, Some(value.to_owned())),
            None => (text, None),
        };
        Ok(Self { claim: ClaimPath::parse(claim)?, value })
    }
}

/// The role here of each role there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleMap(BTreeMap<String, Role>);

impl RoleMap {
    /// Reads `their=admin,other=member`; the role here is what follows the last `=` of an entry.
    ///
    /// # Errors
    /// An empty list, an entry of another form, a role that is not known here, and a role of theirs that is
    /// there twice.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        const FORM: Rule = Rule::fixed("must be a list such as their_admins=admin,their_staff=member");
        let mut map = BTreeMap::new();
        for entry in text.split(',') {
            let (theirs, ours) = entry.rsplit_once('=').ok_or(FORM)?;
            let (theirs, ours) = (theirs.trim(), Role::parse(ours.trim()).map_err(|_| FORM)?);
            if theirs.is_empty() {
                return Err(FORM);
            }
            if map.insert(theirs.to_owned(), ours).is_some() {
                return Err(Rule::fixed("must name each of their roles once"));
            }
        }
        Ok(Self(map))
    }

    /// The role here of a role there.
    pub(super) fn get(&self, theirs: &str) -> Option<Role> {
        self.0.get(theirs).copied()
    }
}

/// The kinds of principals that an issuer may speak for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Principals {
    /// People and programs.
    Both,
    /// People only.
    Users,
    /// Programs only.
    Services,
}

impl Principals {
    /// Reads `users`, `services`, or both with a comma between them.
    ///
    /// # Errors
    /// An empty list and other words.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        let kinds = entries(text, |entry| match entry {
            "users" => Ok(false),
            "services" => Ok(true),
            _ => Err(Rule::fixed("must be users, services, or users,services")),
        })?;
        Ok(match (kinds.contains(&false), kinds.contains(&true)) {
            (true, false) => Self::Users,
            (false, true) => Self::Services,
            _ => Self::Both,
        })
    }
}

fn entries<T: Ord>(text: &str, read: impl Fn(&str) -> Result<T, Rule>) -> Result<BTreeSet<T>, Rule> {
    let entry = |entry: &str| match entry.trim() {
        "" => Err(Rule::fixed("must be a list with commas between its entries, none of them empty")),
        entry => read(entry),
    };
    text.split(',').map(entry).collect()
}
