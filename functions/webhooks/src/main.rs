//! The Lambda function behind the queue of deliveries and the schedule that fills it.

fn main() {}
