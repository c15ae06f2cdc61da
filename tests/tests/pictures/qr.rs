//! QR codes, decoded by a decoder that shares no code with the encoder, at many settings.

use axum::http::Method;
use std::io::Cursor;
use tests::flows::{CODE, CODES};
use tests::{Reply, Verv};

const LINK: &str = "https://org.no/r/JAN-VERV-8F3A?qr=1";

/// A picture in shades of gray.
struct Gray {
    side: usize,
    shades: Vec<u8>,
}

fn shade(red: u8, green: u8, blue: u8) -> u8 {
    let sum = 299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue);
    u8::try_from(sum / 1_000).expect("a shade")
}

/// The pixels of a PNG.
fn png(reply: &Reply) -> Gray {
    let mut decoder = png::Decoder::new(Cursor::new(reply.bytes.to_vec()));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
    let frame = reader.next_frame(&mut pixels).expect("its pixels");
    assert_eq!(frame.color_type, png::ColorType::Rgb);
    assert_eq!(frame.width, frame.height);
    let shades = pixels
        .chunks_exact(3)
        .map(|rgb| shade(rgb[0], rgb[1], rgb[2]));
    Gray {
        side: frame.width as usize,
        shades: shades.collect(),
    }
}

/// An SVG of ours, drawn with so many pixels a module.
fn svg(reply: &Reply, scale: usize) -> Gray {
    let between = |text: &str, begin: &str, end: &str| {
        let (_, after) = text.split_once(begin).expect("the beginning");
        after.split_once(end).expect("the end").0.to_owned()
    };
    let modules = between(&reply.text, "viewBox=\"0 0 ", " ");
    let side = modules.parse::<usize>().expect("a number") * scale;
    let mut gray = Gray {
        side,
        shades: vec![255; side * side],
    };
    let dark = reply.text.rsplit_once(" d=\"").expect("a path").1;
    let dark = dark.split_once('"').expect("its end").0;
    for run in dark.split('M').skip(1) {
        let numbers: Vec<usize> = run
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|number| number.parse().ok())
            .collect();
        let [x, y, length, height, back] = numbers.as_slice() else {
            panic!("{run} is no run");
        };
        assert_eq!((*height, back), (1, length));
        for row in y * scale..(y + 1) * scale {
            let begin = row * side + x * scale;
            gray.shades[begin..begin + length * scale].fill(0);
        }
    }
    gray
}

/// What the codes in a picture say.
fn decode(gray: &Gray) -> Vec<String> {
    let shade = |x: usize, y: usize| gray.shades[y * gray.side + x];
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(gray.side, gray.side, shade);
    let grids = image.detect_grids();
    grids
        .iter()
        .map(|grid| grid.decode().expect("a code that is read").1)
        .collect()
}

async fn qr_of_code(verv: &Verv) -> String {
    format!("{CODES}/{}/qr", verv.make_example_code().await)
}

#[tokio::test]
async fn a_decoder_of_others_reads_the_short_link_at_every_setting() {
    let verv = Verv::start().await;
    let path = qr_of_code(&verv).await;
    for query in [
        "",
        "size=128&ecc=L",
        "size=128&ecc=H&margin=2",
        "size=131&margin=1&ecc=Q",
        "size=200&margin=16",
        "size=333&dark=0b3d2e&light=f4f1de",
        "size=512&dark=c1121f&ecc=H",
        "size=512&dark=%23000000&light=%23ffd166&margin=8",
        "size=1024&ecc=L&margin=1",
    ] {
        let picture = verv.get(&format!("{path}?format=png&{query}")).await;
        let picture = picture.expect(200);
        assert_eq!(picture.header("content-type"), "image/png");
        assert_eq!(decode(&png(&picture)), [LINK], "{query} as PNG");
        let picture = verv.get(&format!("{path}?{query}")).await.expect(200);
        assert_eq!(picture.header("content-type"), "image/svg+xml");
        assert_eq!(decode(&svg(&picture, 4)), [LINK], "{query} as SVG");
    }
}

#[tokio::test]
async fn a_picture_has_the_side_that_is_wanted() {
    let verv = Verv::start().await;
    let path = qr_of_code(&verv).await;
    for size in [128, 517, 2048] {
        let picture = verv.get(&format!("{path}?format=png&size={size}")).await;
        assert_eq!(png(&picture.expect(200)).side, size);
        let picture = verv.get(&format!("{path}?size={size}")).await.expect(200);
        let side = format!("width=\"{size}\" height=\"{size}\"");
        assert!(picture.text.contains(&side), "{}", picture.text);
    }
}

#[tokio::test]
async fn accept_chooses_the_form_and_a_known_picture_is_not_sent_again() {
    let verv = Verv::start().await;
    let path = qr_of_code(&verv).await;
    let accept = [("accept", "image/png")];
    let first = verv
        .call(Method::GET, &path, &accept, None)
        .await
        .expect(200);
    assert_eq!(first.header("content-type"), "image/png");
    assert_eq!(first.header("vary"), "accept");
    let tag = first.header("etag").to_owned();
    let headers = [accept[0], ("if-none-match", tag.as_str())];
    let again = verv
        .call(Method::GET, &path, &headers, None)
        .await
        .expect(304);
    assert!(again.bytes.is_empty());
    assert_eq!(again.header("etag"), tag);
    let other = [("if-none-match", tag.as_str())];
    let other = verv
        .call(Method::GET, &path, &other, None)
        .await
        .expect(200);
    assert_eq!(other.header("content-type"), "image/svg+xml");
}

#[tokio::test]
async fn what_cannot_be_a_readable_picture_is_refused() {
    let verv = Verv::start().await;
    let path = qr_of_code(&verv).await;
    for (query, status, code, field) in [
        ("size=127", 400, "invalid_field", "size"),
        ("size=2049", 400, "invalid_field", "size"),
        ("margin=0", 400, "invalid_field", "margin"),
        ("ecc=m", 400, "invalid_field", "ecc"),
        ("dark=red", 400, "invalid_field", "dark"),
        ("format=gif", 400, "invalid_field", "format"),
        ("colour=red", 400, "unknown_field", "colour"),
        (
            "dark=ffffff&light=000000",
            422,
            "too_little_contrast",
            "dark",
        ),
        ("size=128&margin=16&ecc=H", 422, "picture_too_small", "size"),
    ] {
        let refused = verv.get(&format!("{path}?{query}")).await.expect(status);
        assert_eq!(refused.string("/code"), code, "{query}");
        assert_eq!(refused.string("/errors/0/field"), field, "{query}");
    }
    let unknown = format!("{CODES}/rc_019ba72246807000800000000000aa03/qr");
    verv.get(&unknown).await.expect(404);
}

#[tokio::test]
async fn a_link_that_fits_into_no_code_is_refused() {
    let base = format!("https://org.no/{}", "x".repeat(2_500));
    let verv = Verv::with_settings(&[("SHORT_BASE_URL", &base)]).await;
    let path = qr_of_code(&verv).await;
    let refused = verv.get(&path).await.expect(422);
    assert_eq!(refused.string("/code"), "link_too_long");
    // The least correction has room for it.
    let picture = verv
        .get(&format!("{path}?ecc=L&size=1024&format=png"))
        .await;
    let expected = format!("{base}/{CODE}?qr=1");
    assert_eq!(decode(&png(&picture.expect(200))), [expected]);
}
