//! Codes in bulk: each costs what it costs by itself.

use super::{ACTIVE, Budget, CREATE, Measured};
use serde_json::json;
use tests::Verv;

impl Budget {
    /// So many of them in one request, side by side. Their calls do not come back together, and
    /// each that begins after another has ended counts as a trip.
    const fn times(self, count: u8) -> Self {
        Self {
            trips: self.trips * count as u32,
            read_units: self.read_units * count as f64,
            write_units: self.write_units * count as f64,
        }
    }
}

/// Eight codes that are new, and the same again.
pub(crate) async fn made_and_found(verv: &Verv, measured: &mut Measured) {
    let pair = |n| json!({"mentor_id": format!("usr_bulk_{n}"), "org_id": "org_002"});
    let codes: Vec<_> = (0..8).map(pair).collect();
    for (name, budget) in [
        ("8 new codes in bulk", CREATE.times(8)),
        ("8 existing codes in bulk", ACTIVE.times(8)),
    ] {
        let body = json!({"codes": codes});
        let reply = verv.post("/api/v1/referral-codes/bulk", body).await;
        let statuses = reply.text.matches("\"data\":").count();
        assert_eq!(statuses, codes.len(), "{}", reply.text);
        measured.take(name, budget, &reply);
    }
}
