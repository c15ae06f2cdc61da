//! A QR code as SVG: two paths, sharp at every size.

use super::layout::Layout;
use crate::picture::escaped;
use std::fmt::Write;

/// The picture. It is named by its link, for people who do not see it.
pub(super) fn render(layout: &Layout, link: &str) -> String {
    let Layout { look, modules, .. } = layout;
    let (size, dark, light) = (look.size, look.dark, look.light);
    let link = escaped(link);
    let path = path(layout);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{size}\" height=\"{size}\" \
         viewBox=\"0 0 {modules} {modules}\" shape-rendering=\"crispEdges\" role=\"img\">\
         <title>{link}</title>\
         <path fill=\"{light}\" d=\"M0 0h{modules}v{modules}H0z\"/>\
         <path fill=\"{dark}\" d=\"{path}\"/></svg>\n"
    )
}

/// A rectangle for each run of dark modules.
fn path(layout: &Layout) -> String {
    let mut path = String::new();
    for y in 0..layout.modules {
        for (x, length) in layout.runs(y) {
            // Writing to a string does not fail.
            let _ = write!(path, "M{x} {y}h{length}v1h-{length}z");
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qr::layout::Format;
    use crate::qr::layout::tests::{LINK, look};

    #[test]
    fn a_picture_has_its_size_its_colours_and_a_name() {
        let mut look = look(Format::Svg);
        look.dark = "0b3d2e".parse().expect("a colour");
        let layout = Layout::of(LINK, look).expect("a layout");
        let svg = render(&layout, "https://org.no/?a&b");
        for part in [
            "width=\"128\" height=\"128\" viewBox=\"0 0 37 37\"",
            "<title>https://org.no/?a&amp;b</title>",
            "fill=\"#ffffff\" d=\"M0 0h37v37H0z\"",
            "fill=\"#0b3d2e\" d=\"M4 4h7v1h-7z",
        ] {
            assert!(svg.contains(part), "{part} in {svg}");
        }
    }
}
