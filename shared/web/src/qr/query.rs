//! `?format=&size=&margin=&ecc=&dark=&light=` of a QR code.

use super::layout::{Format, Look};
use crate::accept::Accepted;
use crate::picture::{PNG, SVG};
use domain::Invalid;
use domain::color::Color;
use qrcodegen::QrCodeEcc;
use serde::Deserialize;

/// How a caller would have a QR code; what is left out is as the standard has it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QrQuery {
    format: Option<FormatName>,
    size: Option<Size>,
    margin: Option<Margin>,
    ecc: Option<Correction>,
    dark: Option<Color>,
    light: Option<Color>,
}

impl QrQuery {
    /// How the code is to look: an SVG unless the query or `Accept` names PNG.
    pub fn look(self, accepted: &Accepted) -> Look {
        let format = match (self.format, accepted.best_of(&[SVG, PNG])) {
            (Some(FormatName::Png), _) | (None, Some(PNG)) => Format::Png,
            (Some(FormatName::Svg) | None, _) => Format::Svg,
        };
        Look {
            format,
            size: self.size.unwrap_or(Size(512)).0.into(),
            margin: self.margin.unwrap_or(Margin(4)).0.into(),
            correction: self.ecc.map_or(QrCodeEcc::Medium, QrCodeEcc::from),
            dark: self.dark.unwrap_or(Color::BLACK),
            light: self.light.unwrap_or(Color::WHITE),
        }
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FormatName {
    Svg,
    Png,
}

/// The side of the picture: 128 to 2,048 pixels.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "u16")]
struct Size(u16);

impl TryFrom<u16> for Size {
    type Error = Invalid;

    fn try_from(size: u16) -> Result<Self, Invalid> {
        match size {
            128..=2048 => Ok(Self(size)),
            _ => Err(Invalid("must be a whole number from 128 to 2048")),
        }
    }
}

/// The light border: 1 to 16 modules. The standard wants 4; without any, cameras do not find
/// the code.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "u8")]
struct Margin(u8);

impl TryFrom<u8> for Margin {
    type Error = Invalid;

    fn try_from(margin: u8) -> Result<Self, Invalid> {
        match margin {
            1..=16 => Ok(Self(margin)),
            _ => Err(Invalid("must be a whole number from 1 to 16")),
        }
    }
}

/// How much of the code may be damaged: 7, 15, 25 or 30 percent.
#[derive(Debug, Clone, Copy, Deserialize)]
enum Correction {
    L,
    M,
    Q,
    H,
}

impl From<Correction> for QrCodeEcc {
    fn from(correction: Correction) -> Self {
        match correction {
            Correction::L => Self::Low,
            Correction::M => Self::Medium,
            Correction::Q => Self::Quartile,
            Correction::H => Self::High,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_names_the_format_or_else_accept_does() {
        for (format, accept, expected) in [
            (None, "", Format::Svg),
            (None, "image/png", Format::Png),
            (None, "image/avif,image/webp,*/*", Format::Svg),
            (Some(FormatName::Svg), "image/png", Format::Svg),
            (Some(FormatName::Png), "image/svg+xml", Format::Png),
        ] {
            let query = QrQuery {
                format,
                ..QrQuery::default()
            };
            let look = query.look(&Accepted::parse(accept));
            assert_eq!(look.format, expected, "{format:?} {accept}");
        }
    }

    #[test]
    fn sizes_and_margins_have_bounds() {
        for size in [0, 127, 2049, u16::MAX] {
            assert!(Size::try_from(size).is_err(), "{size}");
        }
        for margin in [0, 17, u8::MAX] {
            assert!(Margin::try_from(margin).is_err(), "{margin}");
        }
        let look = QrQuery::default().look(&Accepted::parse(""));
        assert_eq!((look.size, look.margin), (512, 4));
    }
}
