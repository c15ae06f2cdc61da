//! Where the modules of a QR code are in its picture.

use domain::color::{Color, TooLittleContrast, check_contrast};
use qrcodegen::{QrCode, QrCodeEcc};

/// How many pixels a module has at least: of fewer, cameras tell none apart.
const LEAST_SCALE: u32 = 2;

/// The form of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Svg,
    Png,
}

/// How a QR code is to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Look {
    pub(super) format: Format,
    /// The side of the picture, in pixels.
    pub(super) size: u32,
    /// The light border, in modules.
    pub(super) margin: u32,
    pub(super) correction: QrCodeEcc,
    pub(super) dark: Color,
    pub(super) light: Color,
}

/// A QR code that is laid out.
pub(super) struct Layout {
    pub(super) code: QrCode,
    pub(super) look: Look,
    /// The side of the picture, in modules.
    pub(super) modules: u32,
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

impl Layout {
    /// The layout of `link` as it is to look.
    ///
    /// # Errors
    /// [`QrRefusal`].
    pub(super) fn of(link: &str, look: Look) -> Result<Self, QrRefusal> {
        check_contrast(look.dark, look.light)?;
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
    pub(super) fn is_dark(&self, x: u32, y: u32) -> bool {
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
    pub(super) fn runs(&self, y: u32) -> Vec<(u32, u32)> {
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
pub(super) mod tests {
    use super::*;

    pub(in crate::qr) const LINK: &str = "https://org.no/r/JAN-VERV-8F3A?qr=1";

    pub(in crate::qr) fn look(format: Format) -> Look {
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
