//! A person who is erased is nowhere in the table, what is counted stays counted, and nobody
//! else's records change.

mod bed;
mod killed;
mod members;
mod mentors;
mod traces;
mod visitors;
