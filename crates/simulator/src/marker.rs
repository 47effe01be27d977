/// A word in a secret that decides how the simulator behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Marker {
    /// The credential works.
    Good,
    /// The credential is refused.
    Bad,
    /// The credential works and lacks a permission.
    Denied,
    /// 429 with `Retry-After`.
    Limited,
    /// 503.
    Broken,
    /// An answer of one byte a second, which takes longer than 30 s.
    Slow,
    /// A body that does not end.
    Endless,
    /// A redirect to the simulator's trap on a loopback address.
    Redirect,
    /// A redirect to the metadata address of cloud hosts.
    Metadata,
    /// 200 with bytes that are neither JSON nor text.
    Garbage,
}

impl Marker {
    /// Every marker, in the order of the documentation.
    pub const ALL: [Self; 10] = [
        Self::Good,
        Self::Bad,
        Self::Denied,
        Self::Limited,
        Self::Broken,
        Self::Slow,
        Self::Endless,
        Self::Redirect,
        Self::Metadata,
        Self::Garbage,
    ];

    /// The text of the marker.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Denied => "denied",
            Self::Limited => "limited",
            Self::Broken => "broken",
            Self::Slow => "slow",
            Self::Endless => "endless",
            Self::Redirect => "redirect",
            Self::Metadata => "metadata",
            Self::Garbage => "garbage",
        }
    }

    /// Finds the marker in a secret, in any case. Another marker takes precedence over `good`; of several
    /// others the first one in the text counts.
    pub fn find(secret: &str) -> Option<Self> {
        let secret = secret.to_ascii_lowercase();
        let others = Self::ALL.into_iter().filter(|marker| *marker != Self::Good);
        let first = others
            .filter_map(|marker| secret.find(marker.as_str()).map(|at| (at, marker)))
            .min_by_key(|(at, _)| *at);
        match first {
            Some((_, marker)) => Some(marker),
            None => secret.contains(Self::Good.as_str()).then_some(Self::Good),
        }
    }
}
