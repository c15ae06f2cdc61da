//! The programs that a function holds in memory: they change rarely, and every use of a code
//! that is tied to one needs it.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{Program, ProgramId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How many programs a function holds at most.
const CAPACITY: usize = 1_000;

/// How long a function uses a program without reading it again.
const HELD_FOR: TimeDelta = TimeDelta::seconds(10);

/// Programs that a function has read a moment ago.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProgramCache(Arc<Mutex<HashMap<ProgramId, Held>>>);

#[derive(Debug)]
struct Held {
    program: Program,
    read_at: DateTime<Utc>,
}

impl ProgramCache {
    pub(crate) fn get(&self, id: ProgramId, now: DateTime<Utc>) -> Option<Program> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Held { program, read_at } = held.get(&id)?;
        (now - *read_at < HELD_FOR).then(|| program.clone())
    }

    pub(crate) fn insert(&self, program: &Program, now: DateTime<Utc>) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= CAPACITY {
            held.clear();
        }
        let program = program.clone();
        held.insert(
            program.id,
            Held {
                program,
                read_at: now,
            },
        );
    }

    pub(crate) fn invalidate(&self, id: ProgramId) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.remove(&id);
    }
}
