//! Closed sets of values, each with the one spelling that the wire, the store and the provider files share.

/// Declares an enum with the spelling of each variant, and the rule that any other text breaks.
macro_rules! spelled {
    ($(#[$doc:meta])* $name:ident, $rule:literal: $($(#[$vdoc:meta])* $variant:ident => $text:literal,)+) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            /// Every variant, in the order of the documentation.
            pub const ALL: [Self; [$($text),+].len()] = [$(Self::$variant,)+];

            /// The spelling of the wire and the store.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// Reads that spelling.
            pub fn parse(text: &str) -> Result<Self, $crate::violation::Rule> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err($crate::violation::Rule::fixed($rule)),
                }
            }
        }
    };
}
pub(crate) use spelled;
