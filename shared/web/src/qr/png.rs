//! A QR code as PNG (ISO/IEC 15948): two colours, one bit a pixel.

use super::layout::Layout;
use miniz_oxide::deflate::compress_to_vec_zlib;

/// What every PNG begins with.
const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];

/// Rows repeat each other: the middle level finds that.
const COMPRESSION: u8 = 6;

/// The picture. Modules have whole pixels; what is left over widens the margin.
pub(super) fn render(layout: &Layout) -> Vec<u8> {
    let size = layout.look.size;
    let mut header = Vec::from(size.to_be_bytes());
    header.extend(size.to_be_bytes());
    // One bit a pixel, of a palette; the only compression and filter; not interlaced.
    header.extend([1, 3, 0, 0, 0]);
    let palette = [layout.look.light, layout.look.dark].map(|color| color.channels());
    let mut png = Vec::from(SIGNATURE);
    chunk(&mut png, b"IHDR", &header);
    chunk(&mut png, b"PLTE", palette.as_flattened());
    let pixels = compress_to_vec_zlib(&rows(layout), COMPRESSION);
    chunk(&mut png, b"IDAT", &pixels);
    chunk(&mut png, b"IEND", &[]);
    png
}

fn chunk(png: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) {
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    png.extend(length.to_be_bytes());
    let begin = png.len();
    png.extend(name);
    png.extend(data);
    let checksum = crc32fast::hash(&png[begin..]);
    png.extend(checksum.to_be_bytes());
}

/// The rows from above, each after the number of its filter, which is none.
fn rows(layout: &Layout) -> Vec<u8> {
    let (size, modules) = (layout.look.size, layout.modules);
    let scale = size / modules;
    let border = (size - scale * modules) / 2;
    let module_at = |pixel: u32| (pixel.checked_sub(border)? / scale).into();
    let mut pixels = Vec::new();
    for y in 0..size {
        pixels.push(0);
        let begin = pixels.len();
        pixels.resize(begin + size.div_ceil(8) as usize, 0);
        let row: Option<u32> = module_at(y);
        for x in 0..size {
            let is_dark = match (module_at(x), row) {
                (Some(x), Some(y)) => layout.is_dark(x, y),
                _ => false,
            };
            if is_dark {
                pixels[begin + (x / 8) as usize] |= 0x80 >> (x % 8);
            }
        }
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qr::layout::Format;
    use crate::qr::layout::tests::{LINK, look};

    #[test]
    fn a_picture_is_its_chunks_in_order() {
        let layout = Layout::of(LINK, look(Format::Png)).expect("a layout");
        let png = render(&layout);
        let mut names = Vec::new();
        let mut rest = png.strip_prefix(&SIGNATURE).expect("a PNG");
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            let length = u32::from_be_bytes(*length) as usize;
            let (body, after) = after.split_at(4 + length);
            let (checksum, after) = after.split_first_chunk::<4>().expect("a checksum");
            assert_eq!(crc32fast::hash(body).to_be_bytes(), *checksum);
            names.push(String::from_utf8_lossy(&body[..4]).into_owned());
            rest = after;
        }
        assert_eq!(names, ["IHDR", "PLTE", "IDAT", "IEND"]);
    }

    #[test]
    fn modules_have_whole_pixels_and_the_rest_is_margin() {
        let layout = Layout::of(LINK, look(Format::Png)).expect("a layout");
        // 37 modules of 3 pixels are 111: 8 and 9 pixels are left over.
        let rows = rows(&layout);
        let row = |y: usize| &rows[y * 17 + 1..(y + 1) * 17];
        let first_dark = 8 + 4 * 3;
        assert!(row(first_dark - 1).iter().all(|byte| *byte == 0));
        let dark: Vec<_> = (0..128)
            .filter(|x| row(first_dark)[x / 8] & (0x80 >> (x % 8)) != 0)
            .collect();
        assert_eq!(dark[..21], (20..41).collect::<Vec<_>>());
        assert_eq!(row(first_dark), row(first_dark + 2));
    }
}
