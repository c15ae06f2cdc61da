//! The colours of a picture that a camera has to read.

use crate::text::Invalid;
use serde::Deserialize;
use std::fmt;
use std::str::FromStr;

/// How much lighter the light colour of a code must be, as WCAG 2 measures contrast: cameras
/// tell less apart than people do.
const LEAST_CONTRAST: f64 = 4.0;

/// A colour of the sRGB space: six hex digits, as `1a2b3c` or `#1a2b3c`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Color {
    red: u8,
    green: u8,
    blue: u8,
}

impl Color {
    /// Black.
    pub const BLACK: Self = Self::gray(0);
    /// White.
    pub const WHITE: Self = Self::gray(255);

    const fn gray(level: u8) -> Self {
        Self {
            red: level,
            green: level,
            blue: level,
        }
    }

    /// Red, green and blue.
    pub fn channels(self) -> [u8; 3] {
        [self.red, self.green, self.blue]
    }

    /// How much light it gives: 0 is black, 1 white.
    fn luminance(self) -> f64 {
        let [red, green, blue] = self.channels().map(|level| {
            let level = f64::from(level) / 255.0;
            match level <= 0.040_45 {
                true => level / 12.92,
                false => ((level + 0.055) / 1.055).powf(2.4),
            }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

impl FromStr for Color {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let digits = text.strip_prefix('#').unwrap_or(text);
        let is_hex = digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        let number = u32::from_str_radix(digits, 16).ok().filter(|_| is_hex);
        let [_, red, green, blue] = number
            .ok_or(Invalid("must be a colour of six hex digits, like 1a2b3c"))?
            .to_be_bytes();
        Ok(Self { red, green, blue })
    }
}

impl TryFrom<String> for Color {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

/// As in CSS: `#1a2b3c`.
impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { red, green, blue } = self;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// The colours of a code do not differ enough, or the dark one is the lighter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLittleContrast;

/// Passes if a camera can tell `dark` modules from `light` ones.
///
/// # Errors
/// [`TooLittleContrast`].
pub fn check_contrast(dark: Color, light: Color) -> Result<(), TooLittleContrast> {
    let contrast = (light.luminance() + 0.05) / (dark.luminance() + 0.05);
    if contrast < LEAST_CONTRAST {
        return Err(TooLittleContrast);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn color(text: &str) -> Color {
        text.parse().expect("a colour")
    }

    #[test]
    fn a_colour_is_six_hex_digits() {
        assert_eq!(color("1A2b3c").to_string(), "#1a2b3c");
        assert_eq!(color("#000000"), Color::BLACK);
        for refused in ["", "fff", "##ffffff", "+fffff", "1a2b3g", "red", "1a2b3c4d"] {
            assert!(refused.parse::<Color>().is_err(), "{refused}");
        }
    }

    #[test]
    fn the_dark_colour_of_a_code_is_much_darker_than_the_light_one() {
        for (dark, light, passes) in [
            ("000000", "ffffff", true),
            ("0b3d2e", "f4f1de", true),
            ("c1121f", "ffffff", true),
            ("ffffff", "000000", false),
            ("777777", "888888", false),
            ("ffcc00", "ffffff", false),
            ("000000", "222222", false),
        ] {
            let checked = check_contrast(color(dark), color(light));
            assert_eq!(checked.is_ok(), passes, "{dark} on {light}");
        }
    }
}
