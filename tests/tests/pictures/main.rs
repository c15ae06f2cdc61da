//! Pictures from the API: QR codes that decoders of others read, and charts.

mod chart;
mod qr;
