//! A code's short link as a QR code, to print or to show.

mod png;
mod query;
mod svg;

use domain::color::{Color, TooLittleContrast};
use qrcodegen::{QrCode, QrCodeEcc};
pub(crate) use query::QrQuery;
use web::picture::Picture;
use web::problem::Problem;

/// How many pixels a module has at least: of fewer, cameras tell none apart.
const LEAST_SCALE: u32 = 2;

/// The form of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Svg,
    Png,
}

/// How a QR code is to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Look {
    format: Format,
    /// The side of the picture, in pixels.
    size: u32,
    /// The light border, in modules.
    margin: u32,
    correction: QrCodeEcc,
    dark: Color,
    light: Color,
}

/// A QR code that is laid out.
struct Layout {
    code: QrCode,
    look: Look,
    /// The side of the picture, in modules.
    modules: u32,
}

/// Why a QR code is not drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QrRefusal {
    /// No camera would read it.
    Contrast,
    /// It would have fewer pixels than it needs, which is this many.
    TooSmall(u32),
    /// The link does not fit into any QR code with this error correction.
    LinkTooLong,
}

impl From<TooLittleContrast> for QrRefusal {
    fn from(TooLittleContrast: TooLittleContrast) -> Self {
        Self::Contrast
    }
}

impl From<QrRefusal> for Problem {
    fn from(refusal: QrRefusal) -> Self {
        match refusal {
            QrRefusal::Contrast => Self::unprocessable(
                "too_little_contrast",
                "Cameras read a dark code on a light ground.",
            )
            .with_field("dark", "is not much darker than light"),
            QrRefusal::TooSmall(least) => Self::unprocessable(
                "picture_too_small",
                format!("This code needs at least {least} pixels."),
            )
            .with_field("size", "is too small for this code"),
            QrRefusal::LinkTooLong => Self::unprocessable(
                "link_too_long",
                "The short link does not fit into a QR code with this error correction.",
            )
            .with_field("ecc", "leaves too little room for the link"),
        }
    }
}

/// Draws `link` as it is to look.
///
/// # Errors
/// [`QrRefusal`].
pub(crate) fn draw(link: &str, look: Look) -> Result<Picture, QrRefusal> {
    let layout = Layout::of(link, look)?;
    Ok(match layout.look.format {
        Format::Svg => Picture::svg(svg::render(&layout, link)),
        Format::Png => Picture::png(png::render(&layout)),
    })
}

impl Layout {
    fn of(link: &str, look: Look) -> Result<Self, QrRefusal> {
        domain::color::check_contrast(look.dark, look.light)?;
        let code = QrCode::encode_text(link, look.correction);
        let code = code.map_err(|_| QrRefusal::LinkTooLong)?;
        let modules = code.size().unsigned_abs() + 2 * look.margin;
        if look.size < LEAST_SCALE * modules {
            return Err(QrRefusal::TooSmall(LEAST_SCALE * modules));
        }
        Ok(Self {
            code,
            look,
            modules,
        })
    }

    /// Whether the module at this place of the picture, margin included, is dark.
    fn is_dark(&self, x: u32, y: u32) -> bool {
        let inner = |place: u32| {
            let place = place.checked_sub(self.look.margin)?;
            i32::try_from(place).ok()
        };
        match (inner(x), inner(y)) {
            (Some(x), Some(y)) => self.code.get_module(x, y),
            _ => false,
        }
    }

    /// The dark modules of the row `y` as runs: where each begins, and how many there are.
    fn runs(&self, y: u32) -> Vec<(u32, u32)> {
        let mut runs: Vec<(u32, u32)> = Vec::new();
        for x in (0..self.modules).filter(|x| self.is_dark(*x, y)) {
            match runs.last_mut() {
                Some((begin, length)) if *begin + *length == x => *length += 1,
                _ => runs.push((x, 1)),
            }
        }
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) const LINK: &str = "https://org.no/r/JAN-VERV-8F3A?qr=1";

    pub(super) fn look(format: Format) -> Look {
        Look {
            format,
            size: 128,
            margin: 4,
            correction: QrCodeEcc::Medium,
            dark: Color::BLACK,
            light: Color::WHITE,
        }
    }

    #[test]
    fn a_picture_that_no_camera_would_read_is_refused() {
        let refused = |look: Look| draw(LINK, look).err();
        let gray: Color = "888888".parse().expect("a colour");
        let pale = Look {
            dark: gray,
            ..look(Format::Svg)
        };
        assert_eq!(refused(pale), Some(QrRefusal::Contrast));
        let tiny = Look {
            margin: 20,
            ..look(Format::Svg)
        };
        assert_eq!(refused(tiny), Some(QrRefusal::TooSmall(138)));
        let long = "x".repeat(3_000);
        let refused = draw(&long, look(Format::Svg)).err();
        assert_eq!(refused, Some(QrRefusal::LinkTooLong));
        assert!(draw(LINK, look(Format::Png)).is_ok());
    }

    #[test]
    fn runs_are_the_dark_modules_and_the_margin_has_none() {
        let layout = Layout::of(LINK, look(Format::Svg)).expect("a layout");
        assert_eq!(layout.modules, 37);
        assert!(layout.runs(3).is_empty() && layout.runs(33).is_empty());
        assert_eq!(layout.runs(4).first(), Some(&(4, 7)));
        for y in 0..layout.modules {
            let dark = (0..layout.modules)
                .filter(|x| layout.is_dark(*x, y))
                .count();
            let run: u32 = layout.runs(y).iter().map(|(_, length)| length).sum();
            assert_eq!(u32::try_from(dark), Ok(run), "{y}");
        }
    }
}
