//! A code's short link as a QR code, to print or to show.

mod layout;
mod png;
mod query;
mod svg;

use crate::picture::Picture;
use crate::problem::Problem;
use layout::{Format, Layout};
pub use layout::{Look, QrRefusal};
pub use query::QrQuery;

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
pub fn draw(link: &str, look: Look) -> Result<Picture, QrRefusal> {
    let layout = Layout::of(link, look)?;
    Ok(match layout.look.format {
        Format::Svg => Picture::svg(svg::render(&layout, link)),
        Format::Png => Picture::png(png::render(&layout)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use layout::tests::{LINK, look};

    #[test]
    fn a_picture_that_no_camera_would_read_is_refused() {
        let refused = |look: Look| draw(LINK, look).err();
        let gray = "888888".parse().expect("a colour");
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
}
