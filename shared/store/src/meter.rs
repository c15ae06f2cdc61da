//! Counts what a request costs: DynamoDB calls, sequential trips, capacity units.

use std::cell::RefCell;
use std::future::Future;

/// What the DynamoDB calls of one request came to.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Usage {
    /// Calls made, the SDK's own retries not counted.
    pub calls: u32,
    /// Sequential round trips: calls made side by side count once.
    pub trips: u32,
    /// Read capacity units, as `ConsumedCapacity` reports them.
    pub read_units: f64,
    /// Write capacity units, those of the indexes included.
    pub write_units: f64,
}

#[derive(Default)]
struct Meter {
    usage: Usage,
    /// Whether a call of the present trip has come back: the next one may have waited for
    /// it, and begins a new trip.
    trip_is_over: bool,
}

tokio::task_local! {
    static METER: RefCell<Meter>;
}

/// Runs `request` and says what its DynamoDB calls came to. Calls from tasks that it spawns
/// are not counted.
pub async fn metered<F: Future>(request: F) -> (F::Output, Usage) {
    let meter = RefCell::new(Meter {
        trip_is_over: true,
        ..Meter::default()
    });
    METER
        .scope(meter, async {
            let output = request.await;
            (output, METER.with(|meter| meter.borrow().usage))
        })
        .await
}

/// A call goes out.
pub(crate) fn call_starts() {
    update(|meter| {
        meter.usage.calls += 1;
        if meter.trip_is_over {
            meter.trip_is_over = false;
            meter.usage.trips += 1;
        }
    });
}

/// A call has come back, well or not.
pub(crate) fn call_ends() {
    update(|meter| meter.trip_is_over = true);
}

/// A read reports its capacity units.
pub(crate) fn add_read_units(units: f64) {
    update(|meter| meter.usage.read_units += units);
}

/// A write reports its capacity units.
pub(crate) fn add_write_units(units: f64) {
    update(|meter| meter.usage.write_units += units);
}

fn update(change: impl FnOnce(&mut Meter)) {
    // Outside of a metered request there is nothing to count.
    let _ = METER.try_with(|meter| change(&mut meter.borrow_mut()));
}
