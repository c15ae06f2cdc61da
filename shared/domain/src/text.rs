//! Strings that are valid once they exist: one declaration gives a type its parser, its text
//! and its form in JSON and in the table.

/// A value that its field does not take.
///
/// `Display` is the sentence that the caller reads after the field's name:
/// "must be 1 to 128 characters of …".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub &'static str);

/// Serde by `Display` and `FromStr`.
macro_rules! string_serde {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = $crate::text::Invalid;

            fn try_from(text: String) -> Result<Self, $crate::text::Invalid> {
                text.parse()
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <String as serde::Deserialize>::deserialize(deserializer)?
                    .parse()
                    .map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use string_serde;

/// A string that `$parse`, a `fn(&str) -> Result<String, Invalid>`, has checked and brought
/// into its stored form.
macro_rules! string_newtype {
    ($(#[$doc:meta])* $name:ident, $parse:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The text as it is stored and shown.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::text::Invalid;

            fn from_str(text: &str) -> Result<Self, $crate::text::Invalid> {
                let parse: fn(&str) -> Result<String, $crate::text::Invalid> = $parse;
                parse(text).map(Self)
            }
        }

        $crate::text::string_serde!($name);
    };
}
pub(crate) use string_newtype;

/// `text` without the white space around it, if it is 1 to 120 characters on one line.
pub(crate) fn one_line(text: &str) -> Result<String, Invalid> {
    let text = text.trim();
    let fits = (1..=120).contains(&text.chars().count());
    if fits && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err(Invalid("must be 1 to 120 characters on one line"))
    }
}
