//! Events: one for each change and none without, in order, and what they say.

mod bed;
mod feed;
mod killed;
mod limits;
mod told;
